import { z } from 'zod';
import type { V1Namespace, V1Node } from '@kubernetes/client-node';
import { defineResource, listOf, maybe, objectSchema, text, type Immutable } from '../resource.ts';

const nodeSchema = objectSchema({
  status: z
    .object({
      addresses: listOf(z.object({ type: z.string(), address: z.string() })),
      nodeInfo: maybe(z.object({ kubeletVersion: text })),
    })
    .nullish()
    .transform((status) => ({
      addresses: status?.addresses ?? [],
      /** Empty until the kubelet has said it. */
      kubeletVersion: status?.nodeInfo?.kubeletVersion ?? '',
    })),
});

/** The answer of `GET /version`: `v1.36.0`, with whatever a distribution puts behind it. */
export const serverVersion = z.object({ gitVersion: z.string() });

/** A Kubernetes node. Zones are in its labels. */
export type KubeNode = Immutable<z.output<typeof nodeSchema>>;

export const nodes = defineResource<KubeNode, V1Node>({
  group: '',
  version: 'v1',
  plural: 'nodes',
  kind: 'Node',
  namespaced: false,
  schema: nodeSchema,
});

const namespaceSchema = objectSchema({
  status: z
    .object({ phase: maybe(z.string()) })
    .nullish()
    .transform((status) => status ?? { phase: undefined }),
});

/** The uid of `kube-system` is what tells one Kubernetes cluster from another. */
export type Namespace = Immutable<z.output<typeof namespaceSchema>>;

export const namespaces = defineResource<Namespace, V1Namespace>({
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  schema: namespaceSchema,
});

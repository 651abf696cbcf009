import { z } from 'zod';
import type { V1StorageClass } from '@kubernetes/client-node';
import { defineResource, listOf, maybe, objectSchema, stringMap, type Immutable } from '../resource.ts';

const topologyTerm = z.object({
  matchLabelExpressions: listOf(z.object({ key: z.string(), values: listOf(z.string()) })),
});

const schema = objectSchema({
  provisioner: z.string(),
  parameters: stringMap,
  /** The API server fills in `Delete`. */
  reclaimPolicy: maybe(z.string()).transform((policy) => policy ?? 'Delete'),
  /** The API server fills in `Immediate`. */
  volumeBindingMode: maybe(z.string()).transform((mode) => mode ?? 'Immediate'),
  allowVolumeExpansion: maybe(z.boolean()).transform((allowed) => allowed ?? false),
  mountOptions: listOf(z.string()),
  allowedTopologies: listOf(topologyTerm),
});

export type StorageClass = Immutable<z.output<typeof schema>>;
export type StorageClassBody = V1StorageClass;

export const storageClasses = defineResource<StorageClass, StorageClassBody>({
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
  schema,
});

import { z } from 'zod';
import { defineResource, maybe, objectSchema, text, type Immutable } from '../resource.ts';

const leaseSpec = z.object({
  /** Empty or absent: nobody holds it. */
  holderIdentity: text,
  leaseDurationSeconds: maybe(z.number()),
  /** MicroTime: RFC 3339 with six digits. */
  acquireTime: maybe(z.string()),
  renewTime: maybe(z.string()),
  leaseTransitions: z
    .number()
    .nullish()
    .transform((count) => count ?? 0),
});

const schema = objectSchema({ spec: leaseSpec.nullish().transform((spec) => leaseSpec.parse(spec ?? {})) });

export type Lease = Immutable<z.output<typeof schema>>;
export type LeaseSpec = Lease['spec'];

/** What is written; client-node's V1Lease wants Date objects, which the API server refuses for want of six digits. */
export interface LeaseBody {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec: Partial<LeaseSpec>;
}

export const leases = defineResource<Lease, LeaseBody>({
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
  schema,
});

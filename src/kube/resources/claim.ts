import { z } from 'zod';
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { defineResource, listOf, maybe, objectSchema, stringMap, text, word, type Immutable } from '../resource.ts';

const dataSource = z.object({
  apiGroup: maybe(z.string()),
  kind: z.string(),
  name: z.string(),
  namespace: maybe(z.string()),
});

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: maybe(z.string()),
  message: maybe(z.string()),
  lastProbeTime: maybe(z.string()),
  lastTransitionTime: maybe(z.string()),
});

const schema = objectSchema({
  spec: z.object({
    accessModes: listOf(word),
    /** Quantities by resource name; `storage` is the one that counts. */
    resources: z
      .object({ requests: stringMap })
      .nullish()
      .transform((resources) => resources ?? { requests: {} }),
    /** Absent and empty differ: absent may yet get the default class, empty asks for none. */
    storageClassName: maybe(word),
    /** Empty until a volume has been chosen. */
    volumeName: text,
    volumeMode: maybe(word),
    selector: maybe(z.record(z.string(), z.unknown())),
    dataSource: maybe(dataSource),
    dataSourceRef: maybe(dataSource),
  }),
  status: z
    .object({
      phase: maybe(word),
      capacity: stringMap,
      conditions: listOf(condition),
      allocatedResources: stringMap,
      allocatedResourceStatuses: stringMap,
    })
    .nullish()
    .transform(
      (status) =>
        status ?? {
          phase: undefined,
          capacity: {},
          conditions: [],
          allocatedResources: {},
          allocatedResourceStatuses: {},
        },
    ),
});

export type PersistentVolumeClaim = Immutable<z.output<typeof schema>>;
export type PersistentVolumeClaimBody = V1PersistentVolumeClaim;

export const persistentVolumeClaims = defineResource<PersistentVolumeClaim, PersistentVolumeClaimBody>({
  group: '',
  version: 'v1',
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  namespaced: true,
  schema,
});

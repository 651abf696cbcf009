import { z } from 'zod';
import type { V1PersistentVolume } from '@kubernetes/client-node';
import { defineResource, listOf, maybe, objectSchema, stringMap, text, word, type Immutable } from '../resource.ts';

/** The claim that a volume is bound to or meant for. `uid` is empty until the binder has filled it in. */
const claimRef = z.object({
  namespace: text,
  name: text,
  uid: text,
});

const glusterfs = z.object({
  endpoints: word,
  endpointsNamespace: maybe(word),
  path: z.string(),
  readOnly: maybe(z.boolean()),
});

const csi = z.object({
  driver: word,
  volumeHandle: z.string(),
  volumeAttributes: stringMap,
});

const schema = objectSchema({
  spec: z.object({
    capacity: stringMap,
    accessModes: listOf(word),
    claimRef: maybe(claimRef),
    /** The API server always fills it in. */
    persistentVolumeReclaimPolicy: maybe(word),
    storageClassName: text,
    mountOptions: listOf(z.string()),
    volumeMode: maybe(word),
    glusterfs: maybe(glusterfs),
    csi: maybe(csi),
  }),
  status: z
    .object({ phase: maybe(word), message: maybe(z.string()), reason: maybe(z.string()) })
    .nullish()
    .transform((status) => status ?? { phase: undefined, message: undefined, reason: undefined }),
});

export type PersistentVolume = Immutable<z.output<typeof schema>>;
export type PersistentVolumeBody = V1PersistentVolume;

export const persistentVolumes = defineResource<PersistentVolume, PersistentVolumeBody>({
  group: '',
  version: 'v1',
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
  namespaced: false,
  schema,
});

import { z } from 'zod';
import { defineResource, objectSchema, stringMap, type Immutable, type Resource } from '../resource.ts';

/** What Brickyard keeps its own state in. What the fields mean is the business of src/store. */

const recordSchema = objectSchema({ spec: z.unknown().optional(), status: z.unknown().optional() });

export type RecordResource = Immutable<z.output<typeof recordSchema>>;

function record(kind: string, plural: string): Resource<RecordResource> {
  return defineResource<RecordResource>({
    group: 'brickyard.dev',
    version: 'v1alpha1',
    plural,
    kind,
    namespaced: false,
    schema: recordSchema,
  });
}

export const glusterClusters = record('GlusterCluster', 'glusterclusters');
export const glusterNodes = record('GlusterNode', 'glusternodes');
export const glusterVolumes = record('GlusterVolume', 'glustervolumes');

const configMapSchema = objectSchema({ data: stringMap });

export type ConfigMap = Immutable<z.output<typeof configMapSchema>>;

export const configMaps = defineResource<ConfigMap>({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  schema: configMapSchema,
});

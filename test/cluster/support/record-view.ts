import type { CustomObjectsApi } from '@kubernetes/client-node';
import { z } from 'zod';
import { GiB } from '../../../src/domain/quantity.ts';
import type { StorageView } from './storage-view.ts';

const group = { group: 'brickyard.dev', version: 'v1alpha1' };

const metadata = z.object({ name: z.string() });

const volumeList = z.object({
  items: z.array(
    z.object({
      metadata,
      spec: z.object({
        name: z.string(),
        brickSets: z.array(z.array(z.object({ node: z.string(), size: z.number() }))),
      }),
      status: z.object({ phase: z.enum(['creating', 'ready', 'growing', 'deleting']) }),
    }),
  ),
});

const nodeList = z.object({
  items: z.array(z.object({ metadata, spec: z.object({ zone: z.string(), storage: z.string() }) })),
});

/**
 * What the records of an installed controller say, read through the API as any administrator does. A record comes before
 * its bricks and goes after them, so what it does not name is not there; what it names may still be in the making.
 */
export function recordView(api: CustomObjectsApi): StorageView {
  const nodes = async () => {
    const { items } = nodeList.parse(await api.listClusterCustomObject({ ...group, plural: 'glusternodes' }));
    return items.map(({ metadata: { name }, spec }) => ({ id: name, zone: spec.zone, address: spec.storage }));
  };
  const records = async () =>
    volumeList.parse(await api.listClusterCustomObject({ ...group, plural: 'glustervolumes' })).items;
  return {
    nodes,
    volumes: async () =>
      (await records()).map(({ spec, status }) => ({
        name: spec.name,
        started: status.phase === 'ready' || status.phase === 'growing',
      })),
    bricks: async (uid) => {
      const zones = new Map((await nodes()).map(({ id, zone }) => [id, zone]));
      const found = (await records()).find((record) => record.metadata.name === uid);
      return (found?.spec.brickSets ?? [])
        .flat()
        .map(({ node, size }) => ({ node, zone: zones.get(node) ?? '', gib: size / GiB }));
    },
  };
}

/** How full the clusters are, how many more volumes fit, and what the loss of a node would mean, as plain JSON. */
import { setImmediate as othersFirst } from 'node:timers/promises';
import { z } from 'zod';
import { clusterId, nodeId, type ClusterId } from '../domain/names.ts';
import type { NodeLossForecast } from '../domain/placement/node-loss.ts';
import { branded } from '../domain/schema.ts';
import { describeShape, volumeShape } from '../domain/volume-shape.ts';
import type { VolumeEngine } from '../engine/api.ts';

export const capacityQuery = z.strictObject({
  /** What to count in. */
  shapes: z.array(volumeShape).min(1).max(8),
  cluster: branded((text) => clusterId(text)).optional(),
  /** A node to suppose lost: only its cluster is shown then. */
  without: branded((text) => nodeId(text)).optional(),
});
export type CapacityQuery = z.infer<typeof capacityQuery>;

const bytes = z.number();

const countView = z.object({
  volumes: z.number(),
  /** Usable bytes of them together. */
  usable: bytes,
  /** What ended the count. `count`: there may be room for more. */
  endedBy: z.enum(['space', 'volume limit', 'count']),
});
export type CountView = z.infer<typeof countView>;

/** One line of text for a shape: `10 GiB, replicate 3`. */
const shape = z.string();

const lossView = z.object({
  node: z.string(),
  cluster: z.string(),
  volumes: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      claim: z.object({ namespace: z.string(), name: z.string() }),
      /** `degraded`: all content is still there. `lost`: some is not. */
      fate: z.enum(['degraded', 'lost']),
      bricks: z.number(),
      /** Bricks that would find a place on the other nodes. */
      rebuildable: z.number(),
    }),
  ),
  fits: z.array(z.object({ shape, now: countView, after: countView, rebuilt: countView })),
});
export type LossView = z.infer<typeof lossView>;

export const capacityView = z.object({
  clusters: z.array(
    z.object({
      id: z.string(),
      volumes: z.number(),
      size: bytes,
      used: bytes,
      reserved: bytes,
      /** On devices that take bricks. */
      free: bytes,
      /** Free on devices that take none now: offline, failed, not answering, or with a problem. */
      blocked: bytes,
      /** These devices, with the reason. */
      blockedDevices: z.array(z.object({ node: z.string(), device: z.string(), free: bytes, reason: z.string() })),
      fits: z.array(z.object({ shape, now: countView })),
    }),
  ),
  loss: lossView.optional(),
});
export type CapacityView = z.infer<typeof capacityView>;

type Source = Pick<VolumeEngine, 'clusters' | 'nodes' | 'usage' | 'volumes' | 'volume' | 'headroom' | 'forecastLoss'>;

/** A cluster or node that the query names and that is not there. */
export class UnknownPlaceError extends Error {
  override readonly name = 'UnknownPlaceError';
}

/** Counts one shape of one cluster at a time, and lets the process do other things in between. Throws UnknownPlaceError. */
export async function viewCapacity(engine: Source, query: CapacityQuery): Promise<CapacityView> {
  const clusters: CapacityView['clusters'] = [];
  for (const id of clustersOf(engine, query)) {
    const fits: CapacityView['clusters'][number]['fits'] = [];
    for (const wanted of query.shapes) {
      await othersFirst();
      fits.push({ shape: describeShape(wanted), now: engine.headroom(id, wanted) });
    }
    const volumes = engine.volumes().filter(({ cluster }) => cluster === id).length;
    clusters.push({ id, volumes, ...totalsOf(engine, id), blockedDevices: blockedIn(engine, id), fits });
  }
  const { without } = query;
  await othersFirst();
  const loss = without === undefined ? undefined : engine.forecastLoss(without, query.shapes);
  const [only] = clusters;
  return without === undefined || loss === undefined || only === undefined
    ? { clusters }
    : { clusters, loss: { node: without, cluster: only.id, ...viewLoss(engine, query, loss) } };
}

function clustersOf(engine: Source, { cluster, without }: CapacityQuery): readonly ClusterId[] {
  const known = engine.clusters().map(({ id }) => id);
  if (cluster !== undefined && !known.includes(cluster)) {
    throw new UnknownPlaceError(`cluster: expected one of ${known.join(', ') || 'none'}, got ${cluster}`);
  }
  if (without === undefined) {
    return cluster === undefined ? known : [cluster];
  }
  const node = engine.nodes(cluster).find(({ id }) => id === without);
  if (node === undefined) {
    throw new UnknownPlaceError(`node: expected a node of ${cluster ?? 'a cluster'}, got ${without}`);
  }
  return [node.cluster];
}

type Totals = Pick<CapacityView['clusters'][number], 'size' | 'used' | 'reserved' | 'free' | 'blocked'>;

/** How full a cluster is, in bytes, its devices taken together. */
export function totalsOf(engine: Pick<Source, 'usage'>, id: ClusterId): Totals {
  const totals = { size: 0, used: 0, reserved: 0, free: 0, blocked: 0 };
  for (const device of engine.usage().filter(({ cluster }) => cluster === id)) {
    totals.size += device.size;
    totals.used += device.used;
    totals.reserved += device.reserved;
    totals[device.unusable === undefined ? 'free' : 'blocked'] += device.free;
  }
  return totals;
}

function blockedIn(engine: Source, id: ClusterId): CapacityView['clusters'][number]['blockedDevices'] {
  return engine
    .usage()
    .filter(({ cluster }) => cluster === id)
    .flatMap(({ node, device, free, unusable, because }) =>
      unusable === undefined
        ? []
        : [{ node, device, free, reason: because === undefined ? unusable : `${unusable}: ${because}` }],
    );
}

function viewLoss(
  engine: Source,
  { shapes }: CapacityQuery,
  loss: NodeLossForecast,
): Pick<LossView, 'volumes' | 'fits'> {
  return {
    volumes: loss.volumes.map(({ volume, fate, bricks, rebuildable }) => {
      const record = engine.volume(volume);
      const { namespace = '', name = '' } = record?.owner ?? {};
      return { id: volume, name: record?.name ?? '', claim: { namespace, name }, fate, bricks, rebuildable };
    }),
    fits: loss.headroom.flatMap((counts, index) => {
      const wanted = shapes[index];
      return wanted === undefined ? [] : [{ shape: describeShape(wanted), ...counts }];
    }),
  };
}

/** What the admin API shows: plain JSON, made of records. The command line prints it, scripts read it with `-o json`. */
import { z } from 'zod';
import { describeDurability } from '../domain/durability.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { VolumeEngine } from '../engine/api.ts';

const bytes = z.number();

const deviceView = z.object({
  name: z.string(),
  state: z.enum(['online', 'offline', 'failed']),
  /** Bytes; 0 until the node has prepared the device. */
  size: bytes,
  used: bytes,
  free: bytes,
  bricks: z.number(),
  tags: z.record(z.string(), z.string()),
  /** Why nothing is placed here; absent when it may be. */
  unusable: z.string().optional(),
  /** More about `unusable`, where it was observed. */
  because: z.string().optional(),
});
type DeviceView = z.infer<typeof deviceView>;

const nodeView = z.object({
  id: z.string(),
  zone: z.string(),
  manage: z.string(),
  storage: z.string(),
  state: z.enum(['online', 'offline', 'failed']),
  tags: z.record(z.string(), z.string()),
  devices: z.array(deviceView),
});

export const topologyView = z.object({
  clusters: z.array(z.object({ id: z.string(), volumes: z.number(), nodes: z.array(nodeView) })),
  /** Records that cannot be read: kept, shown, in nobody's way. */
  quarantined: z.array(z.object({ kind: z.string(), id: z.string(), problem: z.string() })),
});
export type TopologyView = z.infer<typeof topologyView>;

const brickView = z.object({
  set: z.number(),
  node: z.string(),
  zone: z.string(),
  device: z.string(),
  size: bytes,
  arbiter: z.boolean(),
  /** On no device of the topology, so that nothing is counted for it and `size` says nothing. */
  external: z.boolean().optional(),
  /** `host:/path`, once the brick has stood. */
  address: z.string().optional(),
  /** Whether it is served, as gluster said just now. Absent: nobody asked, gluster did not say, or it is not started. */
  online: z.boolean().optional(),
});

export const volumeView = z.object({
  id: z.string(),
  name: z.string(),
  cluster: z.string(),
  phase: z.enum(['creating', 'ready', 'growing', 'deleting']),
  size: bytes,
  durability: z.string(),
  options: z.array(z.object({ key: z.string(), value: z.string() })),
  gid: z.number().optional(),
  claim: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
  className: z.string(),
  /** Brickyard did not make it: empty claim fields and size 0 mean unknown. */
  adopted: z.boolean().optional(),
  createdAt: z.string(),
  /** Under way. `size`: bytes that the volume will have; `undo`: it was given up. */
  growth: z.object({ size: bytes, undo: z.boolean() }).optional(),
  /** Files are still to be spread over sets that were added at `since`; begun when there is a `task`. */
  rebalance: z.object({ since: z.string(), task: z.string().optional() }).optional(),
  bricks: z.array(brickView),
});
export type VolumeView = z.infer<typeof volumeView>;

type Readable = Pick<VolumeEngine, 'clusters' | 'nodes' | 'usage' | 'volumes' | 'quarantined' | 'locate'>;

export function viewTopology(engine: Readable): TopologyView {
  const usage = engine.usage();
  return {
    clusters: engine.clusters().map(({ id }) => ({
      id,
      volumes: engine.volumes().filter((volume) => volume.cluster === id).length,
      nodes: engine.nodes(id).map((node) => ({
        id: node.id,
        zone: node.zone,
        manage: node.manage,
        storage: node.storage,
        state: node.state,
        tags: node.tags,
        devices: node.devices.map((device): DeviceView => {
          const used = usage.find((row) => row.cluster === id && row.node === node.id && row.device === device.name);
          return {
            name: device.name,
            state: device.state,
            size: used?.size ?? 0,
            used: used?.used ?? 0,
            free: used?.free ?? 0,
            bricks: used?.bricks ?? 0,
            tags: device.tags,
            unusable: used?.unusable,
            because: used?.because,
          };
        }),
      })),
    })),
    quarantined: engine.quarantined().map(({ kind, id, problem }) => ({ kind, id, problem })),
  };
}

export function viewVolume(engine: Readable, volume: VolumeRecord): VolumeView {
  const zones = new Map(engine.nodes(volume.cluster).map((node) => [node.id, node.zone]));
  const addresses = engine.locate(volume)?.bricks ?? [];
  const bricks = volume.brickSets.flatMap((bricks, set) => bricks.map((brick) => ({ set, brick })));
  return {
    id: volume.id,
    name: volume.name,
    cluster: volume.cluster,
    phase: volume.phase,
    size: volume.size,
    durability: describeDurability(volume.durability),
    options: volume.options,
    gid: volume.gid,
    claim: { namespace: volume.owner.namespace, name: volume.owner.name, uid: volume.owner.uid },
    className: volume.owner.className,
    adopted: volume.adopted,
    createdAt: volume.createdAt,
    growth: volume.growth === undefined ? undefined : { size: volume.growth.size, undo: volume.growth.undo === true },
    rebalance: volume.rebalance,
    bricks: bricks.map(({ set, brick }, index) => ({
      set,
      node: brick.node,
      zone: zones.get(brick.node) ?? '',
      device: brick.device,
      size: brick.size,
      arbiter: brick.arbiter,
      external: brick.external,
      address: addresses[index],
    })),
  };
}

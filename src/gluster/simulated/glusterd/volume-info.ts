/** `volume info` of one volume, in the order of the real one. */
import type { ToolResult } from '../tools/tool.ts';
import { refusal, success, type Body } from './answers.ts';
import type { PoolVolume } from './pool.ts';

const statuses = {
  created: { status: 0, statusStr: 'Created' },
  started: { status: 1, statusStr: 'Started' },
  stopped: { status: 2, statusStr: 'Stopped' },
} as const;

function typeOf({ replica, disperse }: PoolVolume, sets: number): { readonly type: number; readonly typeStr: string } {
  if (disperse > 0) {
    return sets > 1 ? { type: 9, typeStr: 'Distributed-Disperse' } : { type: 4, typeStr: 'Disperse' };
  }
  if (replica > 1) {
    return sets > 1 ? { type: 7, typeStr: 'Distributed-Replicate' } : { type: 2, typeStr: 'Replicate' };
  }
  return { type: 0, typeStr: 'Distribute' };
}

/** What gluster sets by itself when a volume is created; what somebody set comes first. */
function optionsOf({ replica, options }: PoolVolume): ReadonlyMap<string, string> {
  const own = [
    ...(replica > 1 ? [['cluster.granular-entry-heal', 'on']] : []),
    ['storage.fips-mode-rchecksum', 'on'],
    ['transport.address-family', 'inet'],
    ['nfs.disable', 'on'],
    ...(replica > 1 ? [['performance.client-io-threads', 'off']] : []),
  ] as const;
  const merged = new Map(options);
  for (const [key = '', value = ''] of own) {
    merged.set(key, options.get(key) ?? value);
  }
  return merged;
}

export function describeVolume(volume: PoolVolume | undefined): ToolResult {
  if (volume === undefined) {
    return refusal('Volume does not exist', 30806, { volInfo: { volumes: { count: 0 } } });
  }
  return success({ volInfo: { volumes: { volume: described(volume), count: 1 } } });
}

/** `volume info` of them all. */
export const describeVolumes = (volumes: readonly PoolVolume[]): ToolResult =>
  success({ volInfo: { volumes: { volume: volumes.map(described), count: volumes.length } } });

function described(volume: PoolVolume): Body {
  const sets = volume.bricks.length / Math.max(volume.replica, volume.disperse, 1);
  const options = optionsOf(volume);
  return {
    name: volume.name,
    id: volume.uuid,
    ...statuses[volume.status],
    snapshotCount: 0,
    brickCount: volume.bricks.length,
    distCount: sets,
    replicaCount: volume.replica,
    arbiterCount: volume.arbiters,
    disperseCount: volume.disperse,
    redundancyCount: volume.redundancy,
    ...typeOf(volume, sets),
    transport: 0,
    bricks: {
      brick: volume.bricks.map(({ machine, host, path, arbiter }) => ({
        '@uuid': machine.uuid,
        '#text': `${host}:${path}`,
        name: `${host}:${path}`,
        hostUuid: machine.uuid,
        isArbiter: arbiter ? 1 : 0,
      })),
    },
    optCount: options.size,
    options: { option: [...options].map(([name, value]) => ({ name, value })) },
  };
}

/** Bricks that are not served, and copies that are not alike. */
import type { Durability } from '../../domain/durability.ts';
import type { VolumeRecord } from '../../domain/volume.ts';
import type { BrickHeal, BrickStatus } from '../ports.ts';
import type { Finding, ServiceFinding } from './api.ts';
import { named } from './compare-volumes.ts';
import type { Observation } from './observe.ts';
import type { Known } from './snapshot.ts';

/** About volumes that were ready all the time, as far as gluster told. */
export function compareBricks(known: Known, { clusters }: Observation): readonly Finding[] {
  return known.steady().flatMap((record) => {
    const sight = clusters.get(record.cluster);
    const bricks = sight?.kind === 'seen' ? sight.bricks.get(record.name) : undefined;
    return bricks === undefined
      ? []
      : [
          ...offlineIn(record, bricks.status ?? []),
          ...healsIn(record, bricks.heal ?? []),
          ...(bricks.unseen === undefined
            ? []
            : [{ ...named(record), kind: 'bricks-unseen', reason: bricks.unseen } as const]),
        ];
  });
}

const addressOf = ({ host, path }: Pick<BrickStatus, 'host' | 'path'>): string => `${host}:${path}`;

function offlineIn(record: VolumeRecord, status: readonly BrickStatus[]): readonly ServiceFinding[] {
  const offline = status.filter(({ online }) => !online);
  return offline.length === 0
    ? []
    : [
        {
          ...named(record),
          kind: 'bricks-offline',
          bricks: offline.map(addressOf),
          outOfReach: !isServed(record, status),
        },
      ];
}

/** Whether every set has the bricks that clients want to see before they read and write. */
function isServed({ brickSets, durability }: VolumeRecord, status: readonly BrickStatus[]): boolean {
  let first = 0;
  return brickSets.every((set) => {
    const here = status.slice(first, first + set.length);
    first += set.length;
    return here.filter(({ online }) => online).length >= leastOf(durability);
  });
}

/** Client quorum is a majority of three copies or more; of two, one will do. An arbiter has a voice in it. */
function leastOf(durability: Durability): number {
  switch (durability.kind) {
    case 'replicate':
      return durability.count < 3 ? 1 : Math.floor(durability.count / 2) + 1;
    case 'arbiter':
      return 2;
    case 'disperse':
      return durability.data;
    case 'distribute':
      return 1;
  }
}

function healsIn(record: VolumeRecord, heal: readonly BrickHeal[]): readonly ServiceFinding[] {
  const entries = (count: (brick: BrickHeal) => number): { readonly brick: string; readonly entries: number }[] =>
    heal.map((brick) => ({ brick: addressOf(brick), entries: count(brick) })).filter((each) => each.entries > 0);
  const split = entries(({ splitBrain = 0 }) => splitBrain);
  const pending = entries(({ pending: all = 0, splitBrain = 0 }) => all - splitBrain);
  return [
    ...(split.length === 0 ? [] : [{ ...named(record), kind: 'split-brain', bricks: split } as const]),
    ...(pending.length === 0 ? [] : [{ ...named(record), kind: 'heal-pending', bricks: pending } as const]),
  ];
}

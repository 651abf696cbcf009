/** `gluster volume info [NAME]`. */
import { z } from 'zod';
import { durabilitySchema, type Durability } from '../../domain/durability.ts';
import { volumeName } from '../../domain/names.ts';
import { branded } from '../../domain/schema.ts';
import type { GlusterVolume } from '../../engine/ports.ts';
import type { BodyReader } from './answer.ts';
import { brickPlace, container, wholeNumber } from './shapes.ts';

/** A volume as gluster describes it, with the numbers that tell its durability. */
export interface VolumeInfo extends GlusterVolume {
  readonly replicaCount: number;
  readonly arbiterCount: number;
  readonly disperseCount: number;
  readonly redundancyCount: number;
}

const statuses = { Created: 'created', Started: 'started', Stopped: 'stopped' } as const;

const brick = z.object({ name: brickPlace, isArbiter: z.enum(['0', '1']) });

const volume = z.object({
  name: branded(volumeName),
  id: z.string(),
  statusStr: z.enum(['Created', 'Started', 'Stopped']),
  replicaCount: wholeNumber,
  arbiterCount: wholeNumber,
  disperseCount: wholeNumber,
  redundancyCount: wholeNumber,
  bricks: z.object({ brick: z.array(brick) }),
  options: container(z.object({ option: z.array(z.object({ name: z.string(), value: z.string() })).default([]) })),
});

const answer = z.object({
  volInfo: z.object({ volumes: container(z.object({ volume: z.array(volume).default([]) })) }),
});

type Counts = Pick<VolumeInfo, 'replicaCount' | 'arbiterCount' | 'disperseCount' | 'redundancyCount'>;

/** Gluster's numbers as one of our durabilities, or nothing. An arbiter counts as a replica in them. */
function durabilityOf(counts: Counts): { readonly durability?: Durability } {
  const { replicaCount, arbiterCount, disperseCount, redundancyCount } = counts;
  const plain = replicaCount > 1 ? { kind: 'replicate', count: replicaCount } : { kind: 'distribute' };
  const mirrored = arbiterCount === 0 ? plain : { kind: replicaCount === 3 && arbiterCount === 1 ? 'arbiter' : '' };
  const { data: durability } = durabilitySchema.safeParse(
    disperseCount > 0
      ? { kind: 'disperse', data: disperseCount - redundancyCount, redundancy: redundancyCount }
      : mirrored,
  );
  return durability === undefined ? {} : { durability };
}

export const readVolumeInfo: BodyReader<readonly VolumeInfo[]> = (body) =>
  answer.parse(body).volInfo.volumes.volume.map((found) => ({
    name: found.name,
    uuid: found.id,
    status: statuses[found.statusStr],
    ...durabilityOf(found),
    replicaCount: found.replicaCount,
    arbiterCount: found.arbiterCount,
    disperseCount: found.disperseCount,
    redundancyCount: found.redundancyCount,
    bricks: found.bricks.brick.map(({ name, isArbiter }) => ({ ...name, arbiter: isArbiter === '1' })),
    options: new Map(found.options.option.map(({ name, value }) => [name, value])),
  }));

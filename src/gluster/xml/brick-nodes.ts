/** `gluster volume info`: on which nodes the bricks of all volumes are. */
import { z } from 'zod';
import type { BodyReader } from './answer.ts';
import { brickPlace, container } from './shapes.ts';

interface BrickNode {
  /** The node as the brick's name calls it. */
  readonly host: string;
  /** Gluster's UUID of the node. Names can be aliases; this is none. */
  readonly uuid: string;
}

export interface VolumeNodes {
  readonly name: string;
  /** One a brick. */
  readonly nodes: readonly BrickNode[];
}

const volume = z.object({
  name: z.string(),
  bricks: z.object({ brick: z.array(z.object({ name: brickPlace, hostUuid: z.string() })) }),
});

const answer = z.object({
  volInfo: z.object({ volumes: container(z.object({ volume: z.array(volume).default([]) })) }),
});

export const readVolumeNodes: BodyReader<readonly VolumeNodes[]> = (body) =>
  answer.parse(body).volInfo.volumes.volume.map(({ name, bricks }) => ({
    name,
    nodes: bricks.brick.map((brick) => ({ host: brick.name.host, uuid: brick.hostUuid })),
  }));

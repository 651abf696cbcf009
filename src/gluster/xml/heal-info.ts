/** `gluster volume heal NAME info [summary|split-brain]`. */
import { z } from 'zod';
import type { BodyReader } from './answer.ts';
import { brickPlace, container, numberIfKnown } from './shapes.ts';

export interface BrickHealth {
  readonly host: string;
  readonly path: string;
  readonly connected: boolean;
  /** In gluster's words; `Connected` when it is. */
  readonly status: string;
  /** Entries that wait for healing or are being healed. Absent: the brick could not be asked, so not 0. */
  readonly entries?: number;
  /** With `summary` only. */
  readonly splitBrain?: number;
}

const brick = z.object({
  name: brickPlace,
  status: z.string(),
  numberOfEntries: numberIfKnown.optional(),
  totalNumberOfEntries: numberIfKnown.optional(),
  numberOfEntriesInSplitBrain: numberIfKnown.optional(),
});

const answer = z.object({
  healInfo: z.object({ bricks: container(z.object({ brick: z.array(brick).default([]) })) }),
});

/** A summary that meets a dead brick glues the name and number of the next field to the status text. */
const glued = /totalNumberOfEntries\d*$/;

export const readHealInfo: BodyReader<readonly BrickHealth[]> = (body) =>
  answer.parse(body).healInfo.bricks.brick.map((found) => {
    const connected = found.status === 'Connected';
    return {
      host: found.name.host,
      path: found.name.path,
      connected,
      status: found.status.replace(glued, ''),
      entries: connected ? (found.totalNumberOfEntries ?? found.numberOfEntries) : undefined,
      splitBrain: connected ? found.numberOfEntriesInSplitBrain : undefined,
    };
  });

/** `volume replace-brick` and `volume reset-brick`. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { refusal, successSaying } from './answers.ts';
import { marked, placeOf, taken } from './create.ts';
import { isMoving } from './migrations.ts';
import { keyOf, type PoolBrick, type PoolVolume, type TrustedPool } from './pool.ts';
import { noSuchVolume } from './volume-commands.ts';

export interface BrickCommand {
  readonly pool: TrustedPool;
  readonly origin: Machine;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** These refuse with number 0. */
const refused = (text: string): ToolResult => refusal(text, 0);

interface Found {
  readonly volume: PoolVolume;
  readonly brick: PoolBrick;
}

/** The brick of a volume that may be worked on, or gluster's words when there is none. */
function find({ pool, now }: BrickCommand, name: string, place: string): Found | string {
  const volume = pool.volume(name);
  if (volume === undefined) {
    return noSuchVolume(name);
  }
  if (volume.status !== 'started') {
    return `volume: ${name} is not started`;
  }
  if (isMoving(volume, now)) {
    return `Volume name ${name} rebalance is in progress. Please retry after completion`;
  }
  const brick = volume.bricks.find((each) => keyOf(each) === place);
  return brick === undefined ? `brick: ${place} does not exist in volume: ${name}` : { volume, brick };
}

/** `undefined`: the words are no such command. */
export function replaceBrick(asked: BrickCommand, words: readonly string[]): ToolResult | undefined {
  const [name, from, to, ...rest] = words;
  if (name === undefined || from === undefined || to === undefined || rest.join(' ') !== 'commit force') {
    return undefined;
  }
  const found = find(asked, name, from);
  if (typeof found === 'string') {
    return refused(found);
  }
  const { volume, brick } = found;
  if (volume.replica === 1 && volume.disperse === 0) {
    return refused(
      'replace-brick is not permitted on distribute only volumes. Please use add-brick and remove-brick operations instead.',
    );
  }
  const { host, path } = placeOf(to);
  const machine = asked.pool.member(host);
  if (machine === undefined) {
    return refused('Pre-validation failed on localhost. Please check log file for details');
  }
  const trouble = claim(asked, { machine, host, path, arbiter: brick.arbiter }, volume.uuid, { fresh: true });
  if (trouble !== undefined) {
    return refused(trouble);
  }
  brick.machine.served.delete(brick.path);
  const joined: PoolBrick = { machine, host, path, arbiter: brick.arbiter };
  asked.pool.replaceBrick(volume, brick, joined);
  takeIn(volume, joined, asked.now);
  return successSaying('replace-brick commit force operation successful', {});
}

/** `undefined`: the words are no such command. */
export function resetBrick(asked: BrickCommand, words: readonly string[]): ToolResult | undefined {
  const [name, place, ...rest] = words;
  const step = rest.join(' ');
  if (name === undefined || place === undefined || (step !== 'start' && step !== `${place} commit force`)) {
    return undefined;
  }
  const found = find(asked, name, place);
  if (typeof found === 'string') {
    return refused(found);
  }
  const { volume, brick } = found;
  if (step === 'start') {
    // A node that is not seen is left out in silence.
    if (asked.pool.connected(asked.origin).includes(brick.machine)) {
      brick.machine.served.delete(brick.path);
    }
    return successSaying('reset-brick start operation successful', {});
  }
  const trouble = claim(asked, brick, volume.uuid, { fresh: false });
  if (trouble !== undefined) {
    return refused(trouble);
  }
  takeIn(volume, brick, asked.now);
  return successSaying('reset-brick commit force operation successful', {});
}

/** Checks and marks a brick as far as `force` lets gluster do that: neither another mark nor the root partition matters. */
function claim(
  { pool, origin }: BrickCommand,
  { machine, host, path }: PoolBrick,
  uuid: string,
  { fresh }: { readonly fresh: boolean },
): string | undefined {
  if (!pool.connected(origin).includes(machine)) {
    return `Host ${host} not connected`;
  }
  const unstopped = machine.served.has(path)
    ? 'Source brick must be stopped. Please use gluster volume reset-brick <volname> <dst-brick> start.'
    : undefined;
  const trouble = fresh ? taken(pool, machine, host, path) : unstopped;
  const reason = trouble ?? marked(machine, host, path, uuid, { force: true });
  return reason === undefined || machine === origin ? reason : `Pre Validation failed on ${host}. ${reason}`;
}

function takeIn(volume: PoolVolume, brick: PoolBrick, now: number): void {
  volume.emptied.set(keyOf(brick), now);
  brick.machine.served.add(brick.path);
  brick.machine.files.make(`${brick.path}/.glusterfs`);
}

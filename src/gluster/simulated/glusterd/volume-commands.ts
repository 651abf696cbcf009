/** `volume start`, `stop`, `delete`, `set`. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { refusal, setRefusal, success } from './answers.ts';
import { isKnownOption } from './known-options.ts';
import { isMoving } from './migrations.ts';
import { volumeMark, type PoolBrick, type PoolVolume, type TrustedPool } from './pool.ts';

const identity = ({ name, uuid }: PoolVolume) => ({ volume: { name, id: uuid } });
export const noSuchVolume = (name: string): string => `Volume ${name} does not exist`;

export interface Start {
  /** Also when it is started already, and without the bricks that cannot be. */
  readonly force: boolean;
  /** Monotonic milliseconds. */
  readonly now: number;
}

export function startVolume(pool: TrustedPool, origin: Machine, name: string, { force, now }: Start): ToolResult {
  const volume = pool.volume(name);
  if (volume === undefined) {
    return refusal(noSuchVolume(name));
  }
  if (volume.status === 'started' && !force) {
    return refusal(`Volume ${name} already started`);
  }
  const connected = pool.connected(origin);
  const seen = volume.bricks.filter(({ machine }) => connected.includes(machine));
  const bricks = force ? seen.filter((brick) => troubleOf(brick, volume) === undefined) : seen;
  for (const brick of bricks) {
    const trouble = troubleOf(brick, volume);
    if (trouble !== undefined) {
      return refusal(brick.machine === origin ? trouble : `Staging failed on ${brick.host}. Error: ${trouble}`);
    }
  }
  if (volume.status !== 'started') {
    volume.status = 'started';
    volume.startedAt = now;
  }
  for (const { machine, path } of bricks) {
    machine.served.add(path);
    machine.files.make(`${path}/.glusterfs`);
  }
  return success({ volStart: identity(volume) });
}

function troubleOf({ machine, path }: PoolBrick, { name, uuid }: PoolVolume): string | undefined {
  const directory = machine.files.find(path);
  if (directory === undefined) {
    return `Failed to find brick directory ${path} for volume ${name}. Reason : No such file or directory`;
  }
  const mark = directory.attributes.get(volumeMark);
  if (mark === undefined) {
    return `Failed to get extended attribute ${volumeMark} for brick dir ${path}. Reason : No data available`;
  }
  return mark === uuid
    ? undefined
    : `Volume id mismatch for brick ${machine.storage}:${path}. Expected volume id ${uuid}, volume id ${mark} found`;
}

/** A member that is at odds with this one is not told, and serves on. */
export function stopVolume(pool: TrustedPool, origin: Machine, name: string, now: number): ToolResult {
  const volume = pool.volume(name);
  if (volume === undefined) {
    return refusal(noSuchVolume(name));
  }
  if (volume.status !== 'started') {
    return refusal(`Volume ${name} is not in the started state`);
  }
  if (isMoving(volume, now)) {
    return refusal(`rebalance session is in progress for the volume '${name}'`);
  }
  volume.status = 'stopped';
  for (const { machine, path } of volume.bricks.filter((brick) => !pool.rejects(origin, brick.machine))) {
    machine.served.delete(path);
  }
  return success({ volStop: identity(volume) });
}

/** The marks stay on the bricks. Every member of the pool must be up, whether it has a brick of the volume or not; a rejected one may be. */
export function deleteVolume(pool: TrustedPool, origin: Machine, name: string): ToolResult {
  const volume = pool.volume(name);
  if (volume === undefined) {
    return refusal(noSuchVolume(name));
  }
  if (volume.status === 'started') {
    return refusal(`Volume ${name} has been started.Volume needs to be stopped before deletion.`);
  }
  if (pool.away(origin).length > 0) {
    return refusal('Some of the peers are down');
  }
  pool.remove(volume);
  return success({ volDelete: identity(volume) });
}

/** All options or none. `undefined`: the words are no such command. */
export function setOptions(pool: TrustedPool, [name, ...words]: readonly string[]): ToolResult | undefined {
  if (name === undefined || words.length === 0 || words.length % 2 !== 0) {
    return undefined;
  }
  const volume = pool.volume(name);
  if (volume === undefined) {
    return setRefusal(noSuchVolume(name));
  }
  const pairs = words.flatMap((key, index): readonly (readonly [string, string])[] =>
    index % 2 === 0 ? [[key, words[index + 1] ?? '']] : [],
  );
  for (const [key, value] of pairs) {
    if (key !== 'group' && !isKnownOption(key)) {
      return setRefusal(`option : ${key} does not exist\nDid you mean nfs.drc-size or ...rpc-statd?`);
    }
    if (key.endsWith('-timeout') && !/^\d+$/.test(value)) {
      return setRefusal(`invalid time format "${value}" in "option ${key.slice(key.indexOf('.') + 1)}"`);
    }
  }
  // `group` stands for a file of options on the node; what is in it is not simulated.
  for (const [key, value] of pairs.filter(([key]) => key !== 'group')) {
    volume.options.set(key, value);
  }
  return success({ cliOp: 'volSet', output: 'Set volume successful' });
}

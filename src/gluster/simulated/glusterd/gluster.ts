/** The `gluster` command line: which words it knows, which of them lock a volume, and who answers. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { glusterdDown, refusal, setRefusal, success } from './answers.ts';
import { addBricks } from './add-bricks.ts';
import { replaceBrick, resetBrick } from './brick-commands.ts';
import { createVolume } from './create.ts';
import { heal, notLaunched } from './heal-commands.ts';
import { rebalance, removeBricks } from './migration-commands.ts';
import { detach, listPool, probe, type World } from './peer-commands.ts';
import { deleteVolume, setOptions, startVolume, stopVolume } from './volume-commands.ts';
import { describeVolume, describeVolumes } from './volume-info.ts';
import { volumeStatus } from './volume-status.ts';

export interface GlusterWords {
  /** Such as `volume create`. */
  readonly verb: string;
  readonly rest: readonly string[];
}

/** `undefined` when the command line is not one of ours: without --xml or script mode there is nothing to read. */
export function glusterWords(argv: readonly string[]): GlusterWords | undefined {
  const [program, xml, mode, noun = '', verb = '', ...rest] = argv;
  return program === 'gluster' && xml === '--xml' && mode === '--mode=script'
    ? { verb: `${noun} ${verb}`, rest }
    : undefined;
}

const mutations: ReadonlySet<string> = new Set([
  'volume create',
  'volume start',
  'volume stop',
  'volume delete',
  'volume set',
  'volume add-brick',
  'volume replace-brick',
  'volume reset-brick',
  // A read, but one that every node takes part in.
  'volume status',
]);

const migrations: ReadonlySet<string> = new Set(['volume rebalance', 'volume remove-brick']);

/** The volume that a command locks while it runs; what one node can answer by itself locks none. */
export const lockedVolume = ({ verb, rest }: GlusterWords): string | undefined =>
  mutations.has(verb) ||
  (migrations.has(verb) && rest.at(-1) !== 'status') ||
  (verb === 'volume heal' && rest[1] !== 'info')
    ? rest[0]
    : undefined;

/** The answer to a command that finds the volume locked. */
export function locked({ verb, rest }: GlusterWords, volume: string): ToolResult {
  const text = `Another transaction is in progress for ${volume}. Please try again after some time.`;
  switch (verb) {
    case 'volume set':
      return setRefusal(text, 30802);
    case 'volume status':
      return refusal(text, 30802, { cliOp: 'volStatus', output: text });
    case 'volume heal':
      return notLaunched(volume, rest[1] === 'full' ? 'full' : 'index', text);
    default:
      return refusal(text, 30802);
  }
}

export function gluster(
  world: World,
  machine: Machine,
  { verb, rest }: GlusterWords,
  newUuid: () => string,
): ToolResult | undefined {
  if (!machine.glusterdUp) {
    return glusterdDown;
  }
  const pool = world.poolOf(machine);
  const [name, ...more] = rest;
  switch (verb) {
    case 'volume create':
      return createVolume(pool, machine, rest, newUuid);
    case 'volume set':
      return setOptions(pool, rest);
    case 'volume add-brick':
      return addBricks(pool, machine, rest, world.now());
    case 'volume rebalance':
      return rebalance({ pool, origin: machine, now: world.now(), newUuid }, rest);
    case 'volume remove-brick':
      return removeBricks({ pool, origin: machine, now: world.now(), newUuid }, rest);
    case 'volume replace-brick':
      return replaceBrick({ pool, origin: machine, now: world.now() }, rest);
    case 'volume reset-brick':
      return resetBrick({ pool, origin: machine, now: world.now() }, rest);
    case 'volume heal':
      return heal({ pool, origin: machine, now: world.now() }, rest);
    case 'volume list':
      return rest.length === 0
        ? success({ volList: { count: pool.volumes.length, volume: pool.volumes.map(({ name }) => name).toSorted() } })
        : undefined;
    case 'pool list':
      return rest.length === 0 ? listPool(pool, machine) : undefined;
  }
  if (verb === 'volume info' && name === undefined) {
    return describeVolumes(pool.volumes);
  }
  const force = verb === 'volume start' && more.join(' ') === 'force';
  if (name === undefined || (more.length > 0 && !force)) {
    return undefined;
  }
  switch (verb) {
    case 'volume info':
      return describeVolume(pool.volume(name));
    case 'volume start':
      return startVolume(pool, machine, name, { force, now: world.now() });
    case 'volume stop':
      return stopVolume(pool, machine, name, world.now());
    case 'volume delete':
      return deleteVolume(pool, machine, name);
    case 'volume status':
      return volumeStatus(pool, machine, name);
    case 'peer detach':
      return detach(world, pool, machine, name);
    case 'peer probe':
      return probe(world, pool, machine, name);
    default:
      return undefined;
  }
}

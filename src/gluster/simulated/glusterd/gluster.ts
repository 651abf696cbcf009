/** The `gluster` command line: which words it knows, which of them lock a volume, and who answers. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { glusterdDown, success } from './answers.ts';
import { addBricks } from './add-bricks.ts';
import { createVolume } from './create.ts';
import { rebalance, removeBricks } from './migration-commands.ts';
import { listPool, probe, type World } from './peer-commands.ts';
import { deleteVolume, setOptions, startVolume, stopVolume } from './volume-commands.ts';
import { describeVolume } from './volume-info.ts';

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
]);

const migrations: ReadonlySet<string> = new Set(['volume rebalance', 'volume remove-brick']);

/** The volume that a command locks while it runs; reads lock none. */
export const lockedVolume = ({ verb, rest }: GlusterWords): string | undefined =>
  mutations.has(verb) || (migrations.has(verb) && rest.at(-1) !== 'status') ? rest[0] : undefined;

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
    case 'volume list':
      return rest.length === 0
        ? success({ volList: { count: pool.volumes.length, volume: pool.volumes.map(({ name }) => name).toSorted() } })
        : undefined;
    case 'pool list':
      return rest.length === 0 ? listPool(pool, machine) : undefined;
  }
  if (name === undefined || more.length > 0) {
    return undefined;
  }
  switch (verb) {
    case 'volume info':
      return describeVolume(pool.volume(name));
    case 'volume start':
      return startVolume(pool, machine, name);
    case 'volume stop':
      return stopVolume(pool, name, world.now());
    case 'volume delete':
      return deleteVolume(pool, machine, name);
    case 'peer probe':
      return probe(world, pool, machine, name);
    default:
      return undefined;
  }
}

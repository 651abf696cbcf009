/** `volume heal`, which knows no XML, and `volume heal info summary`, whose XML is like no other's. */
import type { Machine } from '../machine.ts';
import { complaint, printed, type ToolResult } from '../tools/tool.ts';
import { healDocument, type Body } from './answers.ts';
import { keyOf, type PoolBrick, type PoolVolume, type TrustedPool } from './pool.ts';
import { noSuchVolume } from './volume-commands.ts';

/** Milliseconds that an empty brick takes to be healed. There are no files here, so it only takes its time. */
const healMs = 5_000;
/** For so many milliseconds after a start the self-heal daemons have no connection to the bricks. */
const daemonsReadyMs = 2_000;

interface Asked {
  readonly pool: TrustedPool;
  readonly origin: Machine;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** `undefined`: the words are no such command. */
export function heal(asked: Asked, [name, ...words]: readonly string[]): ToolResult | undefined {
  if (name === undefined) {
    return undefined;
  }
  switch (words.join(' ')) {
    case 'info summary':
      return summary(asked, name);
    case '':
      return launch(asked, name, 'index');
    case 'full':
      return launch(asked, name, 'full');
    default:
      return undefined;
  }
}

const isRedundant = ({ replica, disperse }: PoolVolume): boolean => replica > 1 || disperse > 0;

/** What `volume heal` prints when it does not work. */
export const notLaunched = (name: string, kind: 'index' | 'full', why: string): ToolResult =>
  complaint(
    1,
    `Launching heal operation to perform ${kind} self heal on volume ${name} has been unsuccessful:\n${why}`,
  );

function launch({ pool, origin, now }: Asked, name: string, kind: 'index' | 'full'): ToolResult {
  const volume = pool.volume(name);
  if (volume === undefined) {
    return notLaunched(name, kind, noSuchVolume(name));
  }
  if (volume.status !== 'started') {
    return notLaunched(name, kind, `Volume ${name} is not started.`);
  }
  if (!isRedundant(volume)) {
    return notLaunched(name, kind, `Self-heal-daemon is disabled. Heal will not be triggered on volume ${name}`);
  }
  const connected = pool.connected(origin);
  const young = now - (volume.startedAt ?? now) < daemonsReadyMs;
  if (kind === 'index' && (young || !volume.bricks.every((brick) => isOnline(brick, connected)))) {
    const why = "Glusterd Syncop Mgmt brick op 'Heal' failed. Please check glustershd log file for details.";
    return notLaunched(name, kind, why);
  }
  return printed(
    `Launching heal operation to perform ${kind} self heal on volume ${name} has been successful \n` +
      'Use heal info commands to check status.\n',
  );
}

const isOnline = ({ machine, path }: PoolBrick, connected: readonly Machine[]): boolean =>
  connected.includes(machine) && machine.served.has(path);

function summary({ pool, origin, now }: Asked, name: string): ToolResult {
  const volume = pool.volume(name);
  if (volume === undefined) {
    return healDocument(2, noSuchVolume(name), '');
  }
  const connected = pool.connected(origin);
  if (volume.status !== 'started' || !volume.bricks.some((brick) => isOnline(brick, connected))) {
    return healDocument(5, `${name}: Not able to fetch volfile from glusterd`, '');
  }
  if (!isRedundant(volume)) {
    const text = `Volume ${name} is not of type replicate/disperse`;
    return healDocument(22, `This command is supported for only volumes of replicate/disperse type. ${text}`, '');
  }
  const brick = volume.bricks.map((each, index) =>
    isOnline(each, connected) ? healthy(each, entriesOn(volume, index, connected, now)) : unreachable(each),
  );
  return healDocument(0, '', { brick });
}

/** A brick has an entry for every brick of its set that is not healed from it yet: the root directory. */
function entriesOn(volume: PoolVolume, index: number, connected: readonly Machine[], now: number): number {
  const perSet = Math.max(volume.replica, volume.disperse);
  const start = index - (index % perSet);
  const others = volume.bricks.slice(start, start + perSet).filter((_brick, place) => start + place !== index);
  const waits = (brick: PoolBrick): boolean => {
    const emptied = volume.emptied.get(keyOf(brick));
    return emptied !== undefined && (!isOnline(brick, connected) || now - emptied < healMs);
  };
  return others.some(waits) ? 1 : 0;
}

const healthy = ({ machine, host, path }: PoolBrick, entries: number): Body => ({
  '@hostUuid': machine.uuid,
  name: `${host}:${path}`,
  status: 'Connected',
  totalNumberOfEntries: entries,
  numberOfEntriesInHealPending: entries,
  numberOfEntriesInSplitBrain: 0,
  numberOfEntriesPossiblyHealing: 0,
});

/** The real one too glues the next field to the status. */
const unreachable = ({ host, path }: PoolBrick): Body => ({
  '@hostUuid': '-',
  name: `${host}:${path}`,
  status: 'Failed to process entries completely. (Transport endpoint is not connected)totalNumberOfEntries0',
});

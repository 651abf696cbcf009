/** What stands at a directory, and whether it answers. */
import type { VolumeName } from '../../domain/names.ts';
import { failed, unknown, waiting, type Setback } from '../../domain/outcome.ts';
import type { Standing } from './api.ts';
import * as argv from './argv.ts';
import { readClients, type Client } from './clients.ts';
import { found, type Found, type Host } from './host.ts';
import { isGluster, isReadOnly, readMountTable, topAt, volumeOf, type Mount } from './mountinfo.ts';
import type { Room } from './room.ts';

export interface Sight {
  readonly table: readonly Mount[];
  /** What is seen at the directory. */
  readonly top: Mount | undefined;
  readonly standing: Standing;
}

/** `known`: the table, when it has just been read. */
export async function see(
  room: Room,
  host: Host,
  directory: string,
  known?: readonly Mount[],
): Promise<Found<Sight> | Setback> {
  const table = known === undefined ? await host.look(argv.readMountTable(), readMountTable) : found(known);
  if (table.kind !== 'found') {
    return table;
  }
  const top = topAt(table.value, directory);
  const sight = (standing: Standing): Found<Sight> => found({ table: table.value, top, standing });
  if (top === undefined) {
    return sight({ kind: 'nothing' });
  }
  const volume = volumeOf(top);
  const named = volume === undefined ? {} : { volume };
  if (!isGluster(top)) {
    return sight({ kind: 'mounted', readOnly: isReadOnly(top) });
  }
  const pulse = await feel(room, host, directory);
  switch (pulse.kind) {
    case 'answers':
      return sight({ kind: 'mounted', ...named, readOnly: isReadOnly(top) });
    case 'silent':
      return unknown(pulse.reason);
    case 'disconnected': {
      const client = await clientOf(host, table.value, top);
      if (client.kind !== 'found') {
        return client;
      }
      return client.value === undefined ? sight({ kind: 'dead', ...named }) : bricksGone(directory, volume);
    }
    default:
      return pulse;
  }
}

/** The client is alive and knows no brick that it could ask: it goes on by itself when there is one, and pods go on with it. */
const bricksGone = (directory: string, volume: VolumeName | undefined): Setback =>
  waiting(
    { what: 'condition', name: `bricks of ${volume ?? 'the volume'}` },
    `${directory}: the client of ${volume ?? 'the volume'} reaches too few of its bricks`,
  );

export type Pulse =
  | { readonly kind: 'answers'; readonly said: string }
  /** By the kernel when the client has gone; by the client when all its bricks have. */
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'silent'; readonly reason: string };

/** A process that asks a file system that hangs cannot be killed before that answers: there is never more than one a directory. */
export async function feel(room: Room, host: Host, directory: string): Promise<Pulse | Setback> {
  const silent: Pulse = { kind: 'silent', reason: `${directory}: the file system does not answer` };
  const command = argv.askFileSystem(directory);
  if (room.silent.has(directory)) {
    const asked = await host.look(argv.listProcesses(), (text) => stillAsking(text, command.argv));
    if (asked.kind !== 'found' || asked.value) {
      return asked.kind === 'found' ? silent : asked;
    }
  }
  const result = await host.probe(command);
  if (result.kind === 'lost') {
    room.silent.add(directory);
    return silent;
  }
  room.silent.delete(directory);
  if (result.kind === 'not-started') {
    return failed(result.reason);
  }
  if (result.exitCode === 0) {
    return { kind: 'answers', said: result.stdout };
  }
  return /Transport endpoint is not connected|Software caused connection abort/.test(result.stderr)
    ? { kind: 'disconnected' }
    : host.failure(command, result);
}

const stillAsking = (processes: string, [program = '', ...args]: readonly string[]): boolean =>
  processes
    .split('\n')
    .some((line) => new RegExp(`^\\s*\\d+ (?:\\S*/)?${program} `).test(line) && line.includes(args.at(-1) ?? ''));

/** The client process behind a mount, which names the directory where the volume was mounted first. */
async function clientOf(
  host: Host,
  table: readonly Mount[],
  { device }: Mount,
): Promise<Found<Client | undefined> | Setback> {
  const clients = await host.look(argv.listProcesses(), readClients);
  if (clients.kind !== 'found') {
    return clients;
  }
  const shown = new Set(table.filter((mount) => mount.device === device).map(({ target }) => target));
  return found(clients.value.find(({ directory }) => shown.has(directory)));
}

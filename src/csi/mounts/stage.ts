/** One mount a node and volume. */
import { done, failed, rejected, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { CallContext, MountWish, Standing } from './api.ts';
import * as argv from './argv.ts';
import { makeBarrier } from './barrier.ts';
import { hold } from './cgroup.ts';
import { beginningWith, logFileOf, mountWords, serverOrder } from './client.ts';
import { labelOf, readClients } from './clients.ts';
import { explain } from './failure.ts';
import type { Found, Host } from './host.ts';
import type { Mount } from './mountinfo.ts';
import { at, type Room } from './room.ts';
import { see, type Sight } from './sight.ts';

export const stage = (room: Room, directory: string, wish: MountWish, context: CallContext): Promise<Outcome<void>> =>
  at(room, directory, context, async (host, place) => {
    if (wish.servers.length === 0) {
      return rejected(`${wish.volume}: expected at least one server, got none`);
    }
    const sight = await withoutDead(room, host, place);
    if (sight.kind !== 'found') {
      return sight;
    }
    const { standing } = sight.value;
    return standing.kind === 'mounted'
      ? ((await differs(host, place, wish, standing)) ?? kept(room, host, place))
      : mount(room, host, place, inOrder(room, place, wish));
  });

function inOrder({ node, attempts }: Room, place: string, wish: MountWish): MountWish {
  const servers = serverOrder(wish.servers, node.id, wish.volume);
  return { ...wish, servers: beginningWith(servers, attempts.get(place) ?? 0) };
}

/** What stands there once everything dead has been taken away: of what is dead nothing can be lost any more. */
export async function withoutDead(
  room: Room,
  host: Host,
  place: string,
  known?: readonly Mount[],
): Promise<Found<Sight> | Setback> {
  for (let layer = 0; layer < 10; layer += 1) {
    const sight = await see(room, host, place, layer === 0 ? known : undefined);
    if (sight.kind !== 'found' || sight.value.standing.kind !== 'dead') {
      return sight;
    }
    const setback = await host.step(argv.detach(place), ({ stderr }) => /not mounted/.test(stderr));
    if (setback !== undefined) {
      return setback;
    }
  }
  return failed(`${place}: ten dead mounts lie there, one on another`);
}

/** Why what is mounted is not what is wanted. What its client's words do not tell counts as alike. */
async function differs(
  host: Host,
  place: string,
  wish: MountWish,
  { volume, readOnly }: Extract<Standing, { kind: 'mounted' }>,
): Promise<Setback | undefined> {
  if (volume !== wish.volume) {
    return rejected(`${place}: expected ${wish.volume} or nothing, got ${volume ?? 'a mount that is not of gluster'}`);
  }
  if (readOnly !== wish.readOnly) {
    return rejected(`${place}: ${wish.volume} is mounted ${modeOf(readOnly)}, and is wanted ${modeOf(wish.readOnly)}`);
  }
  const clients = await host.look(argv.listProcesses(), readClients);
  if (clients.kind !== 'found') {
    return clients;
  }
  const labels = clients.value.filter(({ directory, label }) => directory === place && label !== undefined);
  return labels.length === 0 || labels.some(({ label }) => label === labelOf(wish))
    ? undefined
    : rejected(`${place}: ${wish.volume} is mounted with other options than ${wish.options.join(',') || 'none'}`);
}

const modeOf = (readOnly: boolean): string => (readOnly ? 'read only' : 'writable');

/** The client may have been started by a plugin that was killed before it had given it its place. */
const kept = async (room: Room, host: Host, place: string): Promise<Outcome<void>> =>
  (await hold(host, room.cgroup, place)) ?? done();

/** `wish.servers` in the order in which they are asked. */
async function mount(room: Room, host: Host, place: string, wish: MountWish): Promise<Outcome<void>> {
  const outcome = await start(room, host, place, mountWords(room, place, wish), (said) => reason(host, wish, said));
  if (outcome.kind === 'done') {
    room.attempts.delete(place);
  } else {
    room.attempts.set(place, (room.attempts.get(place) ?? 0) + 1);
  }
  return outcome;
}

async function reason(host: Host, wish: MountWish, said: string): Promise<Setback> {
  const log = await host.run(argv.logTail(logFileOf(wish.volume)));
  return explain(wish, said, log.kind === 'exited' ? log.stdout : '');
}

/** Starts a client by its words on a directory where nothing is mounted, and makes sure that it serves. `why`: from what it printed. */
export async function start(
  room: Room,
  host: Host,
  place: string,
  words: readonly string[],
  why: (said: string) => Setback | Promise<Setback>,
): Promise<Outcome<void>> {
  const setback = await makeBarrier(host, place);
  if (setback !== undefined) {
    return setback;
  }
  const exited = await host.run(argv.startClient(words));
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode !== 0) {
    return why(exited.stderr);
  }
  const sight = await see(room, host, place);
  if (sight.kind !== 'found') {
    return sight;
  }
  switch (sight.value.standing.kind) {
    case 'mounted':
      return kept(room, host, place);
    case 'dead':
    case 'nothing':
      return why('the client has ended');
  }
}

/** The way back: mount, client process, directory. */
import { done, failed, rejected, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { CallContext } from './api.ts';
import * as argv from './argv.ts';
import { removeBarrier } from './barrier.ts';
import { readClients, type Client } from './clients.ts';
import { found, type Found, type Host } from './host.ts';
import { allAt, isGluster, readMountTable, topAt, volumeOf, type Mount } from './mountinfo.ts';
import { at, type Room } from './room.ts';

export const unstage = (room: Room, directory: string, context: CallContext): Promise<Outcome<void>> =>
  at(room, directory, context, async (host, place) => {
    const table = await host.look(argv.readMountTable(), readMountTable);
    if (table.kind !== 'found') {
      return table;
    }
    const users = shownElsewhere(table.value, place);
    if (users.length > 0) {
      return waiting({ what: 'condition', name: users.join(', ') }, `${place} is still shown at ${users.join(', ')}`);
    }
    return (
      (await bare(host, place)) ??
      (await clientGone(room, host, place, context)) ??
      (await removeBarrier(host, place)) ??
      done()
    );
  });

/** A client tree shows the kubelet's folder a second time: what is there goes with what is shown in the first place. */
function shownElsewhere(table: readonly Mount[], place: string): readonly string[] {
  const devices = new Set(
    allAt(table, place)
      .filter(isGluster)
      .map(({ device }) => device),
  );
  const targets = table.filter(({ device }) => devices.has(device)).map(({ target }) => target);
  return targets.filter(
    (target) => target !== place && !targets.some((first) => first !== target && target.endsWith(first)),
  );
}

/** Takes away what is mounted on the directory, layer by layer. Only ever gluster's. */
export async function bare(host: Host, place: string): Promise<Setback | undefined> {
  for (let layer = 0; layer < 10; layer += 1) {
    const table = await host.look(argv.readMountTable(), readMountTable);
    if (table.kind !== 'found') {
      return table;
    }
    const top = topAt(table.value, place);
    if (top === undefined) {
      return undefined;
    }
    if (!isGluster(top)) {
      return rejected(`${place}: expected a gluster volume or nothing, got ${top.source} (${top.fstype})`);
    }
    const setback = await takeOff(host, place);
    if (setback !== undefined) {
      return setback;
    }
  }
  return failed(`${place}: ten mounts lie there, one on another`);
}

async function takeOff(host: Host, place: string): Promise<Setback | undefined> {
  const command = argv.unmount(place);
  const exited = await host.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0 || /not mounted|no mount point specified/.test(exited.stderr)) {
    return undefined;
  }
  // A dead one may even refuse to be looked up.
  return /Transport endpoint is not connected/.test(exited.stderr)
    ? host.step(argv.detach(place), ({ stderr }) => /not mounted/.test(stderr))
    : host.failure(command, exited);
}

/** Milliseconds: a client ends by itself within a few of the end of its last mount, and is then told to. */
const patience = { between: 50, toEnd: 10_000, toBeKilled: 15_000, over: 20_000 } as const;

/**
 * Waits for the client to end. One that does not is in use where this node's table does not show it, mostly by a container that
 * got a copy of all mounts: it is ended, since nobody has the volume from us any more.
 */
async function clientGone(room: Room, host: Host, place: string, context: CallContext): Promise<Setback | undefined> {
  const begun = room.clock.monotonic();
  let sent: 'TERM' | 'KILL' | undefined;
  for (;;) {
    const clients = await clientsAt(host, place);
    if (clients.kind !== 'found') {
      return clients;
    }
    if (clients.value.length === 0) {
      return undefined;
    }
    const spent = room.clock.monotonic() - begun;
    const names = clients.value.map(({ pid }) => pid).join(', ');
    if (spent >= patience.over || context.signal.aborted) {
      return waiting(
        { what: 'condition', name: `end of process ${names}` },
        `${place}: client process ${names} does not end`,
      );
    }
    const due = spent >= patience.toBeKilled ? 'KILL' : spent >= patience.toEnd ? 'TERM' : undefined;
    if (due !== undefined && due !== sent) {
      sent = due;
      const setback = await end(host, place, clients.value, due);
      if (setback !== undefined) {
        return setback;
      }
    }
    await room.clock.sleep(patience.between, context.signal).catch(() => undefined);
  }
}

async function clientsAt(host: Host, place: string): Promise<Found<readonly Client[]> | Setback> {
  const clients = await host.look(argv.listProcesses(), readClients);
  return clients.kind === 'found' ? found(clients.value.filter(({ directory }) => directory === place)) : clients;
}

/** Unless the volume is mounted anywhere: whose client that is cannot be told. */
async function end(
  host: Host,
  place: string,
  clients: readonly Client[],
  signal: 'TERM' | 'KILL',
): Promise<Setback | undefined> {
  const table = await host.look(argv.readMountTable(), readMountTable);
  if (table.kind !== 'found') {
    return table;
  }
  for (const { pid, argv: words } of clients) {
    const mounted = table.value.some((mount) => words.includes(`--volfile-id=/${volumeOf(mount) ?? ''}`));
    host.warn({ pid, directory: place, mounted, signal }, 'a gluster client does not end after its mount has');
    const setback = mounted
      ? undefined
      : await host.step(argv.endProcess(pid, signal), ({ stderr }) => /No such process/.test(stderr));
    if (setback !== undefined) {
      return setback;
    }
  }
  return undefined;
}

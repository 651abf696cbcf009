/**
 * A way out of a cluster's network: a port of its 127.0.0.1 that leads to the same port of this machine's. No packet
 * crosses the border: the listening socket is made inside and handed to this process.
 */
import { once } from 'node:events';
import { connect, Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onNetwork, start } from './namespaces.ts';

const child = fileURLToPath(new URL('door-child.ts', import.meta.url));

/** Resolves with the way to close it, when it is open. */
export async function openDoor(outer: number, port: number): Promise<() => Promise<void>> {
  const porter = await start(
    [...onNetwork(outer), process.execPath, child, String(port)],
    ['ignore', 'ignore', 'inherit', 'ipc'],
  );
  const [, server] = (await Promise.race([once(porter, 'message'), once(porter, 'exit')])) as unknown[];
  if (!(server instanceof Server)) {
    throw new Error(`port ${port} could not be opened in the cluster's network`);
  }
  const open = new Set<Socket>();
  server.on('connection', (inside: Socket) => {
    const outside = connect(port, '127.0.0.1');
    inside.pipe(outside).pipe(inside);
    for (const [end, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      open.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
    }
  });
  return async () => {
    const closed = once(server, 'close');
    server.close();
    open.forEach((socket) => socket.destroy());
    await closed;
  };
}

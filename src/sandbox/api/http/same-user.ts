/**
 * Whose connection is this? `kubectl get --raw` drops the path of the kubeconfig's server, and kubectl sends no token over
 * plain http, so such a call shows nothing. On Linux the kernel says which user is at the other end of a loopback
 * connection; the sandbox's own user could read the kubeconfig anyway. Elsewhere the answer is no.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** True when the process at the other end runs as the same user as this one, or as root. */
export async function isSameUser(socket: Pick<Socket, 'remotePort' | 'localPort'>): Promise<boolean> {
  const own = process.getuid?.();
  if (own === undefined || socket.remotePort === undefined || socket.localPort === undefined) {
    return false;
  }
  try {
    const uid = ownerOf(await readFile('/proc/net/tcp', 'utf8'), socket.remotePort, socket.localPort);
    return uid === own || uid === 0;
  } catch {
    return false; // not Linux
  }
}

/** The uid that /proc/net/tcp has for the connection from 127.0.0.1:`from` to 127.0.0.1:`to`. */
export function ownerOf(table: string, from: number, to: number): number | undefined {
  const end = (port: number): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of table.split('\n').slice(1)) {
    const [, local, remote, , , , , uid] = line.trim().split(/\s+/);
    if (local === end(from) && remote === end(to)) {
      return Number(uid);
    }
  }
  return undefined;
}

/** How full the mounted file system is. */
import { done, failed, rejected, waiting, type Outcome } from '../../domain/outcome.ts';
import { bytes } from '../../domain/quantity.ts';
import type { CallContext, Usage } from './api.ts';
import * as argv from './argv.ts';
import { Host } from './host.ts';
import { isGluster, readMountTable, topAt } from './mountinfo.ts';
import { placeOf } from './place.ts';
import type { Room } from './room.ts';
import { feel } from './sight.ts';

export async function usage(room: Room, directory: string, context: CallContext): Promise<Outcome<Usage>> {
  const host = new Host(room, context);
  const place = await placeOf(host, room.kubeletDirectory, directory);
  if (place.kind !== 'done') {
    return place;
  }
  const table = await host.look(argv.readMountTable(), readMountTable);
  if (table.kind !== 'found') {
    return table;
  }
  const top = topAt(table.value, place.value);
  // Else it would be the node's own disk that is told of.
  if (top === undefined || !isGluster(top)) {
    return rejected(`${directory}: expected a mounted gluster volume, got ${top?.source ?? 'nothing'}`);
  }
  const pulse = await feel(room, host, place.value);
  switch (pulse.kind) {
    case 'answers':
      return read(directory, pulse.said);
    case 'silent':
      return waiting({ what: 'condition', name: `answer of ${top.source}` }, pulse.reason);
    case 'disconnected':
      return waiting(
        { what: 'condition', name: `mount of ${top.source}` },
        `${directory}: the file system is not connected`,
      );
    default:
      return pulse;
  }
}

function read(directory: string, text: string): Outcome<Usage> {
  const numbers = text.trim().split(' ').map(Number);
  const [size = 0, total = 0, free = 0, available = 0, inodes = 0, freeInodes = 0] = numbers;
  if (numbers.length !== 6 || !numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) {
    return failed(`${directory}: expected six numbers of a file system, got ${JSON.stringify(text.slice(0, 200))}`);
  }
  return done({
    bytes: { total: bytes(size * total), used: bytes(size * (total - free)), available: bytes(size * available) },
    inodes: { total: inodes, used: inodes - freeInodes, available: freeInodes },
  });
}

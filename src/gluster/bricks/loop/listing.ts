/** Looks into directories that may not be there. */
import type { Setback } from '../../../domain/outcome.ts';
import { bytes } from '../../../domain/quantity.ts';
import type { Errand } from '../../errand.ts';
import type { Command } from '../../runner.ts';
import { listDirectory, listWithRoom } from './argv.ts';
import { readEntries, readListingWithRoom, type Entry, type ListingWithRoom } from './report.ts';

type Read<T> = { readonly kind: 'read'; readonly value: T };

/** A directory and what is in it; nothing where there is no such thing. */
export const listing = (errand: Errand, path: string): Promise<Read<readonly Entry[]> | Setback> =>
  listed(errand, listDirectory(path), readEntries, []);

/** The same with the room of its file system; nothing and no room where there is no such thing. */
export const listingWithRoom = (errand: Errand, path: string): Promise<Read<ListingWithRoom> | Setback> =>
  listed(errand, listWithRoom(path), readListingWithRoom, { entries: [], room: { size: bytes(0), free: bytes(0) } });

async function listed<T>(
  errand: Errand,
  command: Command,
  read: (text: string) => T,
  nothing: T,
): Promise<Read<T> | Setback> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return errand.read(() => read(exited.stdout));
  }
  const isMissing =
    exited.stdout === '' && /: (?:No such file or directory|Not a directory)$/.test(exited.stderr.trim());
  return isMissing ? { kind: 'read', value: nothing } : errand.failure(command, exited);
}

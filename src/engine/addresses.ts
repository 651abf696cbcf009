/** What gluster calls bricks of a record. */
import { done, failed, type Outcome } from '../domain/outcome.ts';
import type { BrickRecord } from '../domain/volume.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { BrickAddress } from './ports.ts';

/** `failed` when a brick has not stood yet, or its node is not known. */
export function addressesOf(
  bricks: readonly BrickRecord[],
  directory: NodeDirectory,
): Outcome<readonly BrickAddress[]> {
  const addresses: BrickAddress[] = [];
  for (const { id, node, path, arbiter } of bricks) {
    const host = directory.get(node)?.storage;
    if (host === undefined || path === undefined) {
      return failed(`the ${host === undefined ? 'host' : 'path'} of brick ${id} is not known`);
    }
    addresses.push({ host, path, arbiter });
  }
  return done(addresses);
}

/** Small things that tests of the verbs on a real gluster share. */
import { isDone, type Outcome } from '../../src/domain/outcome.ts';
import type { BrickAddress, CallContext, StorageNodes } from '../../src/engine/ports.ts';
import { waitFor } from '../support/wait-for.ts';
import type { RealNode } from './harness/cluster.ts';

export const context = (): CallContext => ({ signal: AbortSignal.timeout(150_000) });

export function valueOf<T>(outcome: Outcome<T>): T {
  if (isDone(outcome)) {
    return outcome.value;
  }
  throw new Error(`expected done, got ${JSON.stringify(outcome)}`);
}

/** One of the two small disks that every node has for bricks. */
export const brickOn = ({ storage: host }: RealNode, disk: 1 | 2): BrickAddress => ({
  host,
  path: `/run/bricks/${disk}/brick`,
  arbiter: false,
});

/** How many members of the pool are seen as connected, the one that is asked included. */
export async function connected(nodes: StorageNodes, via: RealNode): Promise<number> {
  return valueOf(await nodes.listPeers(via, context())).filter(({ state }) => state === 'member').length;
}

/** Asks again until the answer is `done`. */
export function untilDone<T>(what: string, verb: () => Promise<Outcome<T>>): Promise<true> {
  return waitFor(what, async () => {
    const outcome = await verb();
    if (!isDone(outcome)) {
      throw new Error(JSON.stringify(outcome));
    }
    return true as const;
  });
}

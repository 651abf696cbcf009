import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClaim } from '../../support/claims.ts';
import { waitFor } from '../../support/wait-for.ts';
import { missingForGluster } from '../environment.ts';
import { changesOn } from '../harness/leftovers.ts';
import { settled, startRealWhole, tellAfterFailure, type RealWhole } from './support.ts';
import { ways } from './ways.ts';

const missing = await missingForGluster();

/**
 * Tries that the controller called failed although they may have happened. One that gluster refused because an earlier
 * create of the same volume was just landing is none: that very try did nothing.
 */
const miscalled = (log: string): readonly string[] =>
  log
    .split('\n')
    .filter((line) => /"kind":"(failed|rejected)"/.test(line) && !line.includes('is already part of a volume'));

/** Commands by which gluster is being told to change something on the nodes that are not cut off. */
const changes = async ({ cluster }: RealWhole): Promise<readonly string[]> =>
  (
    await Promise.all(
      cluster.nodes.slice(0, -1).map(async (node) => (await changesOn(node)).map((change) => `${node.id} ${change}`)),
    )
  ).flat();

/**
 * Cuts the last node off while gluster is about to change a volume, until one of its commands hangs: one that was nearly done still
 * gets through. Gives those that hang, and rejects when five cuts have met none.
 */
async function cutMidChange(whole: RealWhole): Promise<readonly string[]> {
  const last = whole.cluster.nodes.at(-1);
  for (let cut = 0; cut < 5; cut += 1) {
    await waitFor('gluster changes a volume', async () => (await changes(whole)).length > 0);
    await last?.cable('cut');
    const met = await changes(whole);
    const hanging = async (): Promise<readonly string[]> => {
      const now = await changes(whole);
      return met.filter((change) => now.includes(change));
    };
    try {
      await waitFor('gluster is done', async () => (await hanging()).length === 0, 10_000);
    } catch {
      return hanging();
    }
    await last?.cable('whole');
  }
  throw new Error('five cuts have met no command of gluster');
}

/**
 * Nobody is told: connections stay, and glusterd calls the peer connected for minutes. Side by side, because nearly all
 * of the time goes in waiting for gluster to notice.
 */
describe.skipIf(missing.length > 0).concurrent.each(ways)(
  'a cable that is cut in the middle of creates, with nodes reached by %s',
  (way) => {
    let whole: RealWhole;

    beforeAll(async () => {
      whole = await startRealWhole({ way, diskGiB: 8 });
    }, 300_000);

    afterAll(async () => {
      await whole?.close();
    });

    tellAfterFailure(() => whole);

    it('delays claims and loses none', async () => {
      const claims: TestClaim[] = await whole.claims.create(16, '320Mi');
      await waitFor('some are bound', async () => (await whole.claims.bound(claims)) >= 3);
      const hanging = await cutMidChange(whole);
      // By its own deadline, or because glusterd gives the member up.
      const ended = async (): Promise<boolean> => {
        const now = await changes(whole);
        return hanging.every((change) => !now.includes(change));
      };
      await waitFor('what hangs comes to its end', ended, 240_000);
      await whole.cluster.nodes.at(-1)?.cable('whole');
      await whole.claims.allBound(claims, 400_000);
      await settled(whole, claims, 240_000);
      expect(miscalled(await whole.brickyard.log())).toEqual([]);
      await Promise.all(claims.map((claim) => whole.claims.delete(claim)));
      await settled(whole, [], 300_000);
      expect(await whole.claims.volumes()).toEqual([]);
    }, 1_200_000);
  },
);

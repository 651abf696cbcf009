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

/** A change that gluster takes that long over waits for somebody, in milliseconds. */
const hangs = 10_000;

/** The commands of gluster that hang after a cut. None: it met none, but bricks that are being made, or nothing at all. */
async function hangingNow(whole: RealWhole): Promise<readonly string[]> {
  const cut = performance.now();
  const seen = new Map<string, number>();
  return waitFor('a command hangs, or there is none', async () => {
    const now = performance.now();
    const found = await changes(whole);
    for (const change of found.filter((each) => !seen.has(each))) {
      seen.set(change, now);
    }
    const long = found.filter((change) => now - (seen.get(change) ?? now) >= hangs);
    return (long.length > 0 || (found.length === 0 && now - cut >= hangs)) && long;
  });
}

/** Makes claims, and cuts the last node off while they are served, until that makes a command of gluster hang. */
async function cutMidCreates(whole: RealWhole): Promise<{ claims: TestClaim[]; hanging: readonly string[] }> {
  const last = whole.cluster.nodes.at(-1);
  const claims: TestClaim[] = [];
  for (let cut = 0; cut < 5; cut += 1) {
    const more = await whole.claims.create(16, '320Mi');
    claims.push(...more);
    await waitFor('some are bound', async () => (await whole.claims.bound(more)) >= 3);
    await last?.cable('cut');
    const hanging = await hangingNow(whole);
    if (hanging.length > 0) {
      return { claims, hanging };
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
      const { claims, hanging } = await cutMidCreates(whole);
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
      await settled(whole, [], 600_000);
      expect(await whole.claims.volumes()).toEqual([]);
    }, 1_200_000);
  },
);

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClaim } from '../../support/claims.ts';
import { waitFor } from '../../support/wait-for.ts';
import { missingForGluster } from '../environment.ts';
import { settled, startRealWhole, tellAfterFailure, type RealWhole } from './support.ts';
import { ways } from './ways.ts';

const missing = await missingForGluster();

/** Nobody is told: connections stay, and glusterd calls the peer connected for minutes. */
describe.skipIf(missing.length > 0).each(ways)(
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
      await waitFor('some are bound', async () => (await whole.claims.bound(claims)) >= 3, 120_000);
      await whole.cluster.nodes[2]?.cable('cut');
      // Commands of gluster's that met the cut hang there, and come to their end by their own deadline.
      const unanswered = async (): Promise<boolean> =>
        /"kind":"unknown"[^\n]*gluster volume/.test(await whole.brickyard.log());
      await waitFor('the controller calls a command of gluster unanswered', unanswered, 180_000);
      await whole.cluster.nodes[2]?.cable('whole');
      await whole.claims.allBound(claims, 400_000);
      await settled(whole, claims, 120_000);
      // Tries may fail; that a claim cannot be met at all is nothing that a cable says.
      expect(await whole.brickyard.log()).not.toContain('"kind":"rejected"');
      await Promise.all(claims.map((claim) => whole.claims.delete(claim)));
      await settled(whole, [], 300_000);
      expect(await whole.claims.volumes()).toEqual([]);
    }, 1_200_000);
  },
);

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
    });

    afterAll(async () => {
      await whole?.close();
    });

    tellAfterFailure(() => whole);

    it('delays claims and loses none', async () => {
      const claims: TestClaim[] = await whole.claims.create(16, '320Mi');
      await waitFor('some are bound', async () => (await whole.claims.bound(claims)) >= 3, 120_000);
      await whole.cluster.nodes[2]?.cable('cut');
      // Every command that met the cut has come to its end by its own deadline.
      await waitFor(
        'the controller says that it has no answer',
        async () => /no answer|deadline passed|does not answer/.test(await whole.brickyard.log()),
        180_000,
      );
      await whole.cluster.nodes[2]?.cable('whole');
      await whole.claims.allBound(claims, 400_000);
      await settled(whole, claims, 120_000);
      await Promise.all(claims.map((claim) => whole.claims.delete(claim)));
      await settled(whole, [], 300_000);
      expect(await whole.claims.volumes()).toEqual([]);
    }, 1_200_000);
  },
);

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultSpec } from '../../../src/sandbox/api/faults/faults.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startWhole, type Whole } from './support.ts';

describe.each(['sqlite', 'kubernetes'] as const)('with the %s store', (store) => {
  let whole: Whole;

  beforeAll(async () => {
    whole = await startWhole({}, { store });
  });

  afterAll(async () => {
    await whole?.close();
  });

  it('an API server that errs, throttles, drops and half-opens watches and forgets history leaves everything converged', async () => {
    const { faults } = whole.api;
    const before = await whole.createClaims(20);
    const add = (verb: string, probability: number, action: FaultSpec['action']): void => {
      faults.add({ match: { verb, userAgent: 'brickyard/' }, probability, action });
    };
    add('create', 0.3, { do: 'refuse', code: 500 });
    add('create', 0.2, { do: 'loseAnswer' });
    add('get', 0.3, { do: 'refuse', code: 503 });
    add('list', 0.5, { do: 'refuse', code: 500 });
    add('patch', 0.3, { do: 'refuse', code: 429, retryAfterSeconds: 1 });
    add('patch', 0.2, { do: 'loseAnswer' });
    add('delete', 0.3, { do: 'reset' });
    const during = await whole.createClaims(20);
    faults.dropWatches();
    faults.compact();
    const gone = before.slice(0, 10);
    await Promise.all(gone.map((claim) => whole.deleteClaim(claim)));
    faults.freezeWatches();
    const blind = await whole.createClaims(20);
    faults.clear();

    const kept = [...before.slice(10), ...during, ...blind];
    await whole.allBound(kept, 120_000);
    await waitFor(
      'the volumes of deleted claims are gone',
      async () => (await whole.leftovers(kept)).length === 0,
      120_000,
    );
    await whole.atRest(kept);
    expect(whole.brickyard.running).toBe(true);
  }, 300_000);
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWhole, type Whole } from './support.ts';

let whole: Whole;

beforeAll(async () => {
  whole = await startWhole();
});

afterAll(async () => {
  await whole?.close();
});

it('a thousand claims at once are all bound, each to exactly one volume, with at most three API writes each', async () => {
  const claims = await whole.createClaims(1_000);
  await whole.allBound(claims, 120_000);

  await whole.atRest(claims);
  const writes = whole.controllerWrites();
  expect(writes.total / claims.length, JSON.stringify(writes)).toBeLessThanOrEqual(3.05); // + one Service, Endpoints, Leases
});

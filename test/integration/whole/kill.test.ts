import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { mulberry32 } from '../../support/random.ts';
import { startWhole, type TestClaim, type Whole } from './support.ts';

const kills = 50;

let whole: Whole;

beforeAll(async () => {
  whole = await startWhole();
});

afterAll(async () => {
  await whole?.close();
});

it(`a controller killed ${kills} times while claims come and go leaves no orphan, no double and nothing lost`, async () => {
  const random = mulberry32(20261123);
  let wanted: TestClaim[] = [];
  for (let round = 0; round < kills; round += 1) {
    wanted.push(...(await whole.createClaims(4)));
    const doomed = wanted.filter(() => random() < 0.4);
    wanted = wanted.filter((claim) => !doomed.includes(claim));
    const deleting = Promise.all(doomed.map((claim) => whole.deleteClaim(claim)));
    // Kill once a random number of further commands have reached the storage nodes: a point in the middle of work,
    // wherever that happens to be, without a sleep.
    const target = whole.storage.commands() + Math.floor(random() * 20);
    await waitFor('some work is done', () => whole.storage.commands() >= target);
    await whole.brickyard.kill();
    await deleting;
    await whole.restart();
  }
  await whole.allBound(wanted, 120_000);
  await waitFor('nothing unwanted is left', async () => (await whole.leftovers(wanted)).length === 0, 120_000);
  await whole.atRest(wanted);
  expect(wanted.length).toBeGreaterThan(0);
}, 400_000);

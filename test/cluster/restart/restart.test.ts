/** The only replica is killed in the middle of a burst, again and again: each claim gets one volume, and nothing is left over. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { ownOf, patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { createClaim, createClass, deleteClaim, nothingLeft } from '../support/objects.ts';
import { shortLease } from '../support/own-controller.ts';
import { eachHasOne, nothingElse } from '../support/sums.ts';

const rounds = 3;
const claimsARound = 8;

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await startTestCluster({ config: { leaderElection: shortLease } });
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster?.close();
});

it('a controller that is killed in the middle of a burst carries on where it was', async ({ skip }) => {
  const own = ownOf(cluster, skip, 'kills the controller');
  const { name } = (await createClass(cluster)).metadata;
  const wanted = [];
  const unwanted = [];
  for (let round = 0; round < rounds; round += 1) {
    const target = own.storage.commands() + 10 + 17 * round;
    const made = await Promise.all(Array.from({ length: claimsARound }, () => createClaim(cluster, namespace, name)));
    const [doomed, ...staying] = made;
    wanted.push(...staying);
    await waitFor('some work is done', () => own.storage.commands() >= target, patience);
    await own.brickyard.kill();
    if (doomed !== undefined) {
      // While nobody looks.
      await deleteClaim(cluster, doomed);
      unwanted.push(doomed);
    }
    await own.killAndStart();
  }
  await eachHasOne(cluster, wanted);
  for (const claim of unwanted) {
    await nothingLeft(cluster, claim);
  }
  await nothingElse(cluster, own, wanted);
  expect(wanted).toHaveLength(rounds * (claimsARound - 1));
});

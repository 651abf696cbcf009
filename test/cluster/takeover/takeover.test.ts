/**
 * Two replicas on the kubernetes store: when the one that works goes, killed or politely, the other one finishes what it
 * had begun. Needs a cluster in which no Brickyard keeps its records, since these have no namespace.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrickyardProcess } from '../../support/brickyard-process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ownOf, patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { createClaim, createClass, deleteClaim, nothingLeft, type ClaimRef } from '../support/objects.ts';
import { shortLease, type OwnController } from '../support/own-controller.ts';
import { eachHasOne, nothingElse } from '../support/sums.ts';

let cluster: TestCluster;
let namespace: string;
let className: string;

beforeAll(async () => {
  cluster = await startTestCluster({
    store: 'kubernetes',
    config: { leaderElection: shortLease, sweepInterval: '1s' },
  });
  namespace = await cluster.namespace();
  className = (await createClass(cluster)).metadata.name;
});

afterAll(async () => {
  await cluster?.close();
});

const saysSo = (replica: BrickyardProcess, words: string): Promise<unknown> =>
  waitFor(`a replica says: ${words}`, async () => (await replica.log()).includes(words), patience);

/** A replica that stands by for the one that leads. */
async function standby(own: OwnController): Promise<BrickyardProcess> {
  const replica = await own.standby();
  await saysSo(replica, 'somebody leads');
  return replica;
}

/** Claims that come and one that goes; resolves in the middle of the work on them. */
async function busy(own: OwnController, count: number): Promise<{ wanted: ClaimRef[]; unwanted: ClaimRef }> {
  const unwanted = await createClaim(cluster, namespace, className);
  await eachHasOne(cluster, [unwanted]);
  const target = own.storage.commands() + 20;
  const coming = Array.from({ length: count }, () => createClaim(cluster, namespace, className));
  const [wanted] = await Promise.all([Promise.all(coming), deleteClaim(cluster, unwanted)]);
  await waitFor('some work is done', () => own.storage.commands() >= target, patience);
  return { wanted, unwanted };
}

describe('two replicas', () => {
  let leader: BrickyardProcess | undefined;

  it.for<readonly [how: string, end: (replica: BrickyardProcess) => Promise<void>]>([
    ['is killed', (replica: BrickyardProcess) => replica.kill()],
    ['is stopped', async (replica: BrickyardProcess) => expect(await replica.stop()).toBe(0)],
  ])('make each volume once, and leave none over, when the one that leads %s', async ([, end], { skip }) => {
    const own = ownOf(cluster, skip, 'starts and ends replicas');
    leader ??= own.brickyard;
    const other = await standby(own);
    const { wanted, unwanted } = await busy(own, 20);
    await end(leader);
    leader = other;
    await saysSo(other, 'this replica leads');
    await eachHasOne(cluster, wanted);
    await nothingLeft(cluster, unwanted);
    await nothingElse(cluster, own, wanted);
    for (const claim of wanted) {
      await deleteClaim(cluster, claim);
    }
    await nothingElse(cluster, own, []);
    expect(other.running).toBe(true);
  });
});

/** What a claim's author is told, and what is done behind it, when there is no room and when no answer comes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { ownOf, patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import {
  bound,
  createClaim,
  createClass,
  deleteClaim,
  event,
  eventsOf,
  getClaim,
  getVolume,
  isThere,
  nothingLeft,
  type ClaimRef,
} from '../support/objects.ts';

let cluster: TestCluster;
let namespace: string;
let className: string;

beforeAll(async () => {
  cluster = await startTestCluster({ storage: { nodes: 3, devices: 1, deviceGiB: 20 } });
  namespace = await cluster.namespace();
  className = (await createClass(cluster)).metadata.name;
});

afterAll(async () => {
  await cluster?.close();
});

/** Warnings about the claim, by the number of different events and of their repetitions. */
async function warnings(claim: ClaimRef): Promise<number> {
  const told = (await eventsOf(cluster, claim)).filter(({ reason }) => reason === 'ProvisioningFailed');
  return told.reduce((sum, { count }) => sum + (count ?? 1), 0);
}

const proof = /^waiting: replicate 3 of .* needs 3 nodes with .* free on a device.*It would fit with/s;

describe('a claim without room', () => {
  it('is told once, with the proof of it', async () => {
    const claim = await createClaim(cluster, namespace, className, { size: '3Ti' });
    await event(cluster, claim, 'ProvisioningFailed', proof);
    // Another one is served meanwhile and goes, which has those that wait for room looked at again.
    const other = await createClaim(cluster, namespace, className);
    await bound(cluster, other);
    await deleteClaim(cluster, other);
    await nothingLeft(cluster, other);
    await bound(cluster, await createClaim(cluster, namespace, className));
    expect(await warnings(claim)).toBe(1);
    expect((await getClaim(cluster, claim)).status?.phase).toBe('Pending');
    expect(await cluster.storage.bricks(claim.uid)).toEqual([]);
    await deleteClaim(cluster, claim);
  });

  it('is served when another one makes room', async ({ skip }) => {
    ownOf(cluster, skip, 'fills the storage');
    const first = await createClaim(cluster, namespace, className, { size: '11Gi' });
    await bound(cluster, first);
    const second = await createClaim(cluster, namespace, className, { size: '12Gi' });
    await event(cluster, second, 'ProvisioningFailed', proof);
    await deleteClaim(cluster, first);
    await bound(cluster, second);
    await nothingLeft(cluster, first);
    expect(await warnings(second)).toBe(1);
    await deleteClaim(cluster, second);
    await nothingLeft(cluster, second);
  });
});

describe('a claim whose volume is made while no answer comes', () => {
  /** Of a class of its own: what concerns its volume is done, and nobody hears of it. */
  async function unheard(): Promise<ClaimRef & { readonly gluster: string }> {
    const sc = await createClass(cluster, { parameters: { volumenameprefix: 'unheard' } });
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const gluster = `unheard_${claim.uid}`;
    await waitFor('its volume is there', () => isThere(cluster, gluster), patience);
    return { ...claim, gluster };
  }

  it('is told of no failure, and is bound when answers come again', async ({ skip }) => {
    const { faults } = ownOf(cluster, skip, 'makes faults').storage.simulation;
    const fault = faults.add({ effect: { kind: 'lose-answer' }, argv: '^gluster .*unheard_' });
    const claim = await unheard();
    await tried(faults, fault, 3);
    expect(await getVolume(cluster, `pvc-${claim.uid}`)).toBeUndefined();
    expect(await warnings(claim)).toBe(0);
    faults.remove(fault);
    await bound(cluster, claim);
  });

  it('stays in work when it is deleted meanwhile, until nothing of it is left', async ({ skip }) => {
    const { faults } = ownOf(cluster, skip, 'makes faults').storage.simulation;
    const fault = faults.add({ effect: { kind: 'lose-answer' }, argv: '^gluster .*unheard_' });
    const claim = await unheard();
    await deleteClaim(cluster, claim);
    await tried(faults, fault, 2);
    expect(await isThere(cluster, claim.gluster)).toBe(true);
    faults.remove(fault);
    await nothingLeft(cluster, claim);
    expect(await getVolume(cluster, `pvc-${claim.uid}`)).toBeUndefined();
  });
});

type Faults = NonNullable<TestCluster['own']>['storage']['simulation']['faults'];

/** Waits until the fault has struck that many more commands. */
async function tried(faults: Faults, id: number, more: number): Promise<void> {
  const hits = (): number => faults.list().find((fault) => fault.id === id)?.hits ?? 0;
  const enough = hits() + more;
  await waitFor('it is tried again', () => hits() >= enough, patience);
}

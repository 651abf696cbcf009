/** A claim asks for more: what its author, and whoever looks at the cluster, gets to see. */
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
  grown,
  isThere,
  names,
  resizeClaim,
  volumeGone,
  type ClaimRef,
} from '../support/objects.ts';

/** More than any pool of the test's nodes has, and less than the API cannot count. */
const tooMuch = '900Ti';

let cluster: TestCluster;
let namespace: string;
let className: string;

beforeAll(async () => {
  cluster = await startTestCluster();
  namespace = await cluster.namespace();
  className = (await createClass(cluster, { allowVolumeExpansion: true })).metadata.name;
});

afterAll(async () => {
  await cluster?.close();
});

/** GiB of each file system that a brick of the claim's volume has. */
async function fileSystems(claim: ClaimRef): Promise<number[]> {
  return (await cluster.storage.bricks(claim.uid)).map(({ gib }) => gib);
}

async function boundClaim(size = '1Gi'): Promise<ClaimRef> {
  const claim = await createClaim(cluster, namespace, className, { size });
  await bound(cluster, claim);
  return claim;
}

/** Reasons of the events about growth that Brickyard has written. */
async function told(claim: ClaimRef): Promise<string[]> {
  const ours = (await eventsOf(cluster, claim)).filter((each) => each.reportingComponent === 'brickyard');
  return ours.map((each) => each.reason ?? '').filter((reason) => reason.includes('Resiz'));
}

describe('a claim that asks for more', () => {
  it('gets it: bricks, PersistentVolume and status, with two events', async () => {
    const claim = await boundClaim();
    expect(await fileSystems(claim)).toEqual([1, 1, 1]);
    await resizeClaim(cluster, claim, '4Gi');
    const { status } = await grown(cluster, claim, '4Gi');
    expect(status?.phase).toBe('Bound');
    expect((await getVolume(cluster, `pvc-${claim.uid}`))?.spec?.capacity).toEqual({ storage: '4Gi' });
    expect(await fileSystems(claim)).toEqual([4, 4, 4]);
    expect(await event(cluster, claim, 'VolumeResizeSuccessful', /4Gi/)).toContain(`pvc-${claim.uid}`);
    await event(cluster, claim, 'Resizing', /from 1Gi to 4Gi/);
    expect((await told(claim)).toSorted()).toEqual(['Resizing', 'VolumeResizeSuccessful']);
  });

  it('more than once gets it every time, and takes all of it away in the end', async () => {
    const claim = await boundClaim();
    for (const size of ['2Gi', '2560Mi', '6Gi']) {
      await resizeClaim(cluster, claim, size);
      await grown(cluster, claim, size);
    }
    const { pv, gluster } = names(await bound(cluster, claim));
    await deleteClaim(cluster, claim);
    await volumeGone(cluster, pv);
    expect(await isThere(cluster, gluster)).toBe(false);
    expect(await fileSystems(claim)).toEqual([]);
  });

  it('is not grabbed for good by the in-tree expander of old servers', async () => {
    const claim = await boundClaim();
    await resizeClaim(cluster, claim, '3Gi');
    await grown(cluster, claim, '3Gi');
    // Long enough for another round of anybody who still works on it: a whole claim is served meanwhile, twice.
    await boundClaim();
    await boundClaim();
    const { status } = await getClaim(cluster, claim);
    expect(status?.conditions ?? []).toEqual([]);
    expect(status?.capacity).toEqual({ storage: '3Gi' });
  });

  it('of a class that does not allow it is refused by the API server', async () => {
    const rigid = await createClass(cluster);
    const claim = await createClaim(cluster, namespace, rigid.metadata.name);
    await bound(cluster, claim);
    await expect(resizeClaim(cluster, claim, '2Gi')).rejects.toMatchObject({ code: 403 });
  });

  it('and is deleted right away leaves nothing', async () => {
    const claim = await boundClaim();
    await resizeClaim(cluster, claim, '5Gi');
    await deleteClaim(cluster, claim);
    await volumeGone(cluster, `pvc-${claim.uid}`);
    expect(await fileSystems(claim)).toEqual([]);
  });
});

describe('a claim that asks for less', () => {
  it('than it has is refused by the API server', async () => {
    const claim = await boundClaim('2Gi');
    await expect(resizeClaim(cluster, claim, '1Gi')).rejects.toMatchObject({ code: 422 });
    expect(await fileSystems(claim)).toEqual([2, 2, 2]);
  });
});

describe('a claim that asks for too much', () => {
  async function shortOfRoom(): Promise<ClaimRef> {
    const claim = await boundClaim();
    await resizeClaim(cluster, claim, tooMuch);
    await event(cluster, claim, 'VolumeResizeFailed', /room|fit/);
    return claim;
  }

  it('is told why, and keeps what it has', async () => {
    const claim = await shortOfRoom();
    const condition = await waitFor(
      'the condition says why',
      async () =>
        (await getClaim(cluster, claim)).status?.conditions?.find(({ type }) => type === 'ControllerResizeError'),
      patience,
    );
    expect(condition.message).toMatch(/room|fit/);
    expect((await getClaim(cluster, claim)).status?.capacity).toEqual({ storage: '1Gi' });
    expect(await fileSystems(claim)).toEqual([1, 1, 1]);
  });

  it('may ask for less again, where the API server lets it', async ({ skip }) => {
    skip(cluster.minor < 32, `v1.${cluster.minor} does not let a request be lowered`);
    const claim = await shortOfRoom();
    await resizeClaim(cluster, claim, '2Gi');
    const { status } = await grown(cluster, claim, '2Gi');
    expect(status?.allocatedResources).toEqual({ storage: '2Gi' });
    expect(await fileSystems(claim)).toEqual([2, 2, 2]);
  });
});

describe('a controller that is killed while volumes grow', () => {
  it('is followed by one that carries all of them to the end', async ({ skip }) => {
    const own = ownOf(cluster, skip, 'kills the controller');
    const { faults } = own.storage.simulation;
    const claims = await Promise.all(Array.from({ length: 5 }, () => boundClaim()));
    const slow = faults.add({ effect: { kind: 'slow', ms: 500 }, argv: 'lvextend' });
    await Promise.all(claims.map((claim) => resizeClaim(cluster, claim, '3Gi')));
    await Promise.all(claims.map((claim) => event(cluster, claim, 'Resizing')));
    await own.killAndStart();
    faults.remove(slow);
    await Promise.all(claims.map((claim) => grown(cluster, claim, '3Gi')));
    expect((await Promise.all(claims.map((claim) => fileSystems(claim)))).flat()).toEqual(
      Array.from({ length: 15 }, () => 3),
    );
    for (const claim of claims) {
      expect(await told(claim)).not.toContain('VolumeResizeFailed');
    }
  });
});

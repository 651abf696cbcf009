/** What becomes of the data when claim, PersistentVolume and namespace go, in any order and by any policy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import {
  bound,
  createClaim,
  createClass,
  deleteClaim,
  finalizer,
  getVolume,
  isThere,
  names,
  nothingLeft,
  phase,
  setPolicy,
  volumeGone,
  type ClaimRef,
} from '../support/objects.ts';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await startTestCluster();
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster?.close();
});

interface Bound {
  readonly claim: ClaimRef;
  readonly pv: string;
  readonly gluster: string;
}

async function boundBy(reclaimPolicy: string, where = namespace): Promise<Bound> {
  const sc = await createClass(cluster, { reclaimPolicy });
  const claim = await createClaim(cluster, where, sc.metadata.name);
  return { claim, ...names(await bound(cluster, claim)) };
}

/** A claim that is served later: by then the controller has been past whatever came before. */
async function servedLater(): Promise<void> {
  await boundBy('Delete');
}

async function finalizers(name: string): Promise<readonly string[]> {
  return (await getVolume(cluster, name))?.metadata?.finalizers ?? [];
}

describe('the PV deleted before the claim', () => {
  it('keeps the volume while the claim is there, and takes it away after', async () => {
    const { claim, pv, gluster } = await boundBy('Delete');
    await cluster.core.deletePersistentVolume({ name: pv });
    expect((await getVolume(cluster, pv))?.metadata?.deletionTimestamp).toBeDefined();
    expect(await isThere(cluster, gluster)).toBe(true);
    await deleteClaim(cluster, claim);
    await volumeGone(cluster, pv);
    await nothingLeft(cluster, claim);
  });
});

describe('the policy Retain', () => {
  it('leaves the PV Released and the volume as it is, also after the PV is deleted, until a PV asks for its end', async () => {
    const { claim, pv, gluster } = await boundBy('Retain');
    expect(await finalizers(pv)).not.toContain(finalizer);
    await deleteClaim(cluster, claim);
    const kept = await phase(cluster, pv, 'Released');
    await cluster.core.deletePersistentVolume({ name: pv });
    await volumeGone(cluster, pv);
    await servedLater();
    expect(await isThere(cluster, gluster)).toBe(true);

    // From a copy, as an administrator does who wants the data gone after all.
    const { metadata, spec } = kept;
    await cluster.core.createPersistentVolume({
      body: {
        metadata: { name: pv, annotations: metadata?.annotations },
        spec: { ...spec, persistentVolumeReclaimPolicy: 'Delete' },
      },
    });
    await volumeGone(cluster, pv);
    await nothingLeft(cluster, claim);
  });
});

describe('a policy that is changed', () => {
  it('counts as the PV has it at the time: to Retain while bound, to Delete once released', async () => {
    const { claim, pv, gluster } = await boundBy('Delete');
    await setPolicy(cluster, pv, 'Retain');
    await waitFor('our finalizer is off', async () => !(await finalizers(pv)).includes(finalizer), patience);
    await deleteClaim(cluster, claim);
    await phase(cluster, pv, 'Released');
    expect(await isThere(cluster, gluster)).toBe(true);
    await setPolicy(cluster, pv, 'Delete');
    await volumeGone(cluster, pv);
    await nothingLeft(cluster, claim);
  });

  it('to Delete while bound puts our finalizer on, and the volume goes with the claim', async () => {
    const { claim, pv } = await boundBy('Retain');
    await setPolicy(cluster, pv, 'Delete');
    await waitFor('our finalizer is on', async () => (await finalizers(pv)).includes(finalizer), patience);
    await deleteClaim(cluster, claim);
    await volumeGone(cluster, pv);
    await nothingLeft(cluster, claim);
  });
});

describe('a namespace that is deleted', () => {
  it('takes the volumes of its claims away, and leaves those that are to be retained', async () => {
    const doomed = await cluster.namespace();
    const going = await Promise.all([1, 2, 3].map(() => boundBy('Delete', doomed)));
    const staying = await boundBy('Retain', doomed);
    await cluster.core.deleteNamespace({ name: doomed });
    for (const { claim, pv } of going) {
      await volumeGone(cluster, pv);
      await nothingLeft(cluster, claim);
    }
    await phase(cluster, staying.pv, 'Released');
    await servedLater();
    expect(await isThere(cluster, staying.gluster)).toBe(true);
  });
});

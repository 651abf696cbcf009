/** A cluster with a past: PersistentVolumes of yesterday live through everything that happens around them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterId } from '../../../src/domain/names.ts';
import { persistentVolumes, type PersistentVolume } from '../../../src/kube/resources.ts';
import { objectAt, textAt, type JsonObject } from '../../../src/sandbox/api/json.ts';
import { makeForeignVolume } from '../../support/foreign-volume.ts';
import { heketiVolume, inTreeVolume } from '../../support/legacy-objects.ts';
import { nodeSpecs } from '../../support/simulated-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

const name = 'old';
const signal = new AbortController().signal;
const ours = { 'pv.kubernetes.io/provisioned-by': 'brickyard.dev/glusterfs' };

let house: House;

beforeEach(async () => {
  house = await House.open({ storageClass: { allowVolumeExpansion: true } });
  await makeForeignVolume(house.simulation, nodeSpecs(3), heketiVolume);
});
afterEach(() => house.close());

/**
 * A claim that is bound to a PersistentVolume of yesterday, which has the very name that Brickyard would give it. Its class,
 * which was made anew under its old name, is ours by now.
 */
async function standing(annotations: Readonly<Record<string, string>> = {}): Promise<string> {
  await house.stop();
  const { uid } = house.createClaim(name).metadata;
  const pv = inTreeVolume({ uid });
  house.sandbox.api.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: pv.metadata.name, annotations: { ...pv.metadata.annotations, ...annotations } },
    spec: { ...pv.spec, claimRef: { ...pv.spec.claimRef, namespace: 'default', name } },
  });
  await waitFor('the claim of yesterday is bound', () => house.claim(name)?.status.phase === 'Bound');
  await house.start();
  return pv.metadata.name;
}

const raw = (pv: string): JsonObject => {
  const found = house.sandbox.api.find({ apiVersion: 'v1', kind: 'PersistentVolume', name: pv });
  if (found === undefined) {
    throw new Error(`${pv} is gone`);
  }
  return found;
};

/** What the object is for people and for kubelets: all but its phase. */
function essence(
  pv: string,
): Pick<PersistentVolume, 'spec'> & { readonly annotations: object; readonly finalizers: object } {
  const { spec, metadata } = persistentVolumes.parse(raw(pv));
  return { spec, annotations: metadata.annotations, finalizers: metadata.finalizers };
}

/** Who has ever written to it, by the API server's own account. */
function writers(pv: string): readonly string[] {
  const fields = objectAt(raw(pv), 'metadata')['managedFields'];
  return Array.isArray(fields) ? fields.map((entry) => textAt(entry as JsonObject, 'manager') ?? '') : [];
}

/** Our own volumes come, grow and go beside it; the controller dies and starts again; every sweep has its turn. */
async function muchHappens(): Promise<void> {
  const own = await house.bound('beside');
  expect(writers(own.metadata.name)).toContain('brickyard');
  house.resizeClaim('beside', '2Gi');
  await house.grown('beside', '2Gi');
  house.resizeClaim(name, '50Gi');
  await house.kill();
  await house.start();
  await house.loadNodes(3);
  await house.bound('later');
  for (const claim of ['beside', 'later']) {
    house.deleteClaim(claim);
  }
  await waitFor('our own volumes are gone', () => house.glusterVolumes().length === 1);
}

describe.each([
  ['of the in-tree provisioner', {}, 'Failed'],
  ['with our provisioner written over the old one', ours, 'Released'],
])('a PersistentVolume %s in a cluster with Brickyard', (_whose, annotations, ending) => {
  it('is not written to, and its volume neither grows nor goes: not when it is adopted, not when its claim is deleted', async () => {
    const pv = await standing(annotations);
    const before = essence(pv);
    const adopted = await house.engine.doctor.adopt(heketiVolume, {
      signal,
      dryRun: false,
      cluster: clusterId('default'),
    });
    expect(adopted).toMatchObject({ kind: 'done', value: { adopted: true, phase: 'ready' } });
    await muchHappens();
    expect(essence(pv)).toEqual(before);

    house.deleteClaim(name);
    await waitFor('the control plane has given it up', () => house.volume(pv)?.status.phase === ending);
    await muchHappensWithout();
    expect(essence(pv)).toEqual(before);
    expect(writers(pv)).not.toContain('brickyard');
    expect(writers(pv).length).toBeGreaterThan(0);
    expect(house.glusterVolumes()).toEqual([heketiVolume]);
    expect(house.engine.volumes()).toMatchObject([{ name: heketiVolume, phase: 'ready', adopted: true }]);
  });
});

/** As above, when the claim of yesterday is gone. */
async function muchHappensWithout(): Promise<void> {
  await house.bound('last');
  await house.kill();
  await house.start();
  await house.loadNodes(3);
  house.deleteClaim('last');
  await waitFor('our own volume is gone', () => house.glusterVolumes().length === 1);
}

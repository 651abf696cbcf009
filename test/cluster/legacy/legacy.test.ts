/** PersistentVolumes of yesterday are left alone, whatever happens around them and to their claims. */
import { randomBytes } from 'node:crypto';
import type { V1PersistentVolume } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTreeVolume } from '../../support/legacy-objects.ts';
import { waitFor } from '../../support/wait-for.ts';
import { patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import {
  bound,
  createClaim,
  createClass,
  deleteClaim,
  getVolume,
  grown,
  nothingLeft,
  resizeClaim,
  type ClaimRef,
} from '../support/objects.ts';

const provisionedBy = 'pv.kubernetes.io/provisioned-by';

let cluster: TestCluster;
let namespace: string;
/** Of ours, under the name that its claims of yesterday have as well. */
let className: string;

beforeAll(async () => {
  cluster = await startTestCluster();
  namespace = await cluster.namespace();
  className = (await createClass(cluster, { allowVolumeExpansion: true })).metadata.name;
});

afterAll(async () => {
  await cluster?.close();
});

/** A claim that is bound to a PersistentVolume with these annotations more, or (`undefined`) less. */
async function standing(annotations: Readonly<Record<string, string | undefined>>): Promise<ClaimRef & { pv: string }> {
  const name = `old-${randomBytes(4).toString('hex')}`;
  const { metadata, spec } = inTreeVolume({ name });
  const all = Object.entries({ ...metadata.annotations, ...annotations });
  await cluster.core.createPersistentVolume({
    body: {
      metadata: {
        name,
        annotations: Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Record<string, string>,
      },
      spec: { ...spec, storageClassName: className, claimRef: { ...spec.claimRef, namespace, name, uid: undefined } },
    },
  });
  cluster.cleanUp(async () => {
    await cluster.core.deletePersistentVolume({ name });
    // From 1.31 on, that of the control plane stays for ever: no plugin is left that could delete such a volume.
    await cluster.core.patchPersistentVolume({
      name,
      body: [{ op: 'replace', path: '/metadata/finalizers', value: [] }],
    });
  });
  const claim = await createClaim(cluster, namespace, className, { name, size: '5Gi', spec: { volumeName: name } });
  await bound(cluster, claim);
  return { ...claim, pv: name };
}

async function volume(name: string): Promise<V1PersistentVolume> {
  const found = await getVolume(cluster, name);
  if (found === undefined) {
    throw new Error(`PersistentVolume ${name} is gone`);
  }
  return found;
}

/** What the object is to people and kubelets, and who has ever written to it. */
async function essence(name: string) {
  const { metadata, spec } = await volume(name);
  const { capacity, glusterfs, persistentVolumeReclaimPolicy } = spec ?? {};
  const writers = (metadata?.managedFields ?? []).map(({ manager }) => manager);
  return {
    capacity,
    glusterfs,
    persistentVolumeReclaimPolicy,
    annotations: metadata?.annotations,
    isWrittenByUs: writers.some((manager) => manager?.includes('brickyard')),
    isHeldByUs: metadata?.finalizers?.some((each) => each.startsWith('external-provisioner')) ?? false,
  };
}

/** Our own volumes come, grow and go, so everything that the controller does has had its turn. */
async function muchHappens(): Promise<void> {
  const claim = await createClaim(cluster, namespace, className);
  await bound(cluster, claim);
  await resizeClaim(cluster, claim, '2Gi');
  await grown(cluster, claim, '2Gi');
  await deleteClaim(cluster, claim);
  await nothingLeft(cluster, claim);
}

it.each([
  ['of kubernetes.io/glusterfs', () => ({})],
  [
    'that somebody wrote for a volume of heketi',
    () => ({ [provisionedBy]: undefined, 'kubernetes.io/createdby': undefined }),
  ],
  ['with our provisioner written over the old one', () => ({ [provisionedBy]: cluster.provisioner })],
])('a PersistentVolume %s is not written to, not grown and not deleted', async (_whose, annotations) => {
  const { pv, ...claim } = await standing(annotations());
  const before = await essence(pv);
  expect(before).toMatchObject({ isWrittenByUs: false, isHeldByUs: false });
  await resizeClaim(cluster, claim, '50Gi');
  await muchHappens();
  expect(await essence(pv)).toEqual(before);

  await deleteClaim(cluster, claim);
  await waitFor(
    'the control plane has given it up',
    async () => ['Released', 'Failed'].includes((await volume(pv)).status?.phase ?? ''),
    patience,
  );
  await muchHappens();
  expect(await essence(pv)).toEqual(before);
});

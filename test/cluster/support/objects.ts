/** What an administrator and an application developer write, in short; and how to wait for what they expect. */
import { randomBytes } from 'node:crypto';
import type {
  CoreV1Event,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimSpec,
  V1StorageClass,
} from '@kubernetes/client-node';
import { mountSourceOf } from '../../support/mount-source.ts';
import { waitFor } from '../../support/wait-for.ts';
import { patience, type TestCluster } from './cluster.ts';

/** What a PersistentVolume of policy Delete carries until its data is gone. */
export const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

/** Makes a StorageClass of this run's provisioner with a random name, and returns it. */
export async function createClass(
  cluster: TestCluster,
  overrides: Partial<V1StorageClass> = {},
): Promise<V1StorageClass & { readonly metadata: { readonly name: string } }> {
  const name = overrides.metadata?.name ?? `test-${randomBytes(4).toString('hex')}`;
  const created = await cluster.storageApi.createStorageClass({
    body: { provisioner: cluster.provisioner, ...overrides, metadata: { name } },
  });
  cluster.cleanUp(() => cluster.storageApi.deleteStorageClass({ name }));
  return { ...created, metadata: { ...created.metadata, name } };
}

export interface ClaimOptions {
  readonly name?: string;
  readonly size?: string;
  readonly annotations?: Record<string, string>;
  readonly spec?: Partial<V1PersistentVolumeClaimSpec>;
}

export interface ClaimRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Makes a ReadWriteMany claim of 1Gi unless told otherwise. `className` undefined leaves the field out. */
export async function createClaim(
  cluster: TestCluster,
  namespace: string,
  className: string | undefined,
  options: ClaimOptions = {},
): Promise<ClaimRef> {
  const name = options.name ?? `claim-${randomBytes(4).toString('hex')}`;
  const created = await cluster.core.createNamespacedPersistentVolumeClaim({
    namespace,
    body: {
      metadata: { name, annotations: options.annotations },
      spec: {
        accessModes: ['ReadWriteMany'],
        storageClassName: className,
        resources: { requests: { storage: options.size ?? '1Gi' } },
        ...options.spec,
      },
    },
  });
  return { namespace, name, uid: created.metadata?.uid ?? '' };
}

export async function getClaim(cluster: TestCluster, claim: ClaimRef): Promise<V1PersistentVolumeClaim> {
  return cluster.core.readNamespacedPersistentVolumeClaim(claim);
}

/** The PV of that name, or undefined when there is none. */
export async function getVolume(cluster: TestCluster, name: string): Promise<V1PersistentVolume | undefined> {
  try {
    return await cluster.core.readPersistentVolume({ name });
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

export function isNotFound(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 404;
}

/** Waits for the claim to be Bound and returns its PV. On failure the claim's events are in the message. */
export async function bound(cluster: TestCluster, claim: ClaimRef): Promise<V1PersistentVolume> {
  try {
    return await waitFor(
      `claim ${claim.name} is bound`,
      async () => {
        const current = await getClaim(cluster, claim);
        const volumeName = current.spec?.volumeName;
        return current.status?.phase === 'Bound' && volumeName !== undefined
          ? getVolume(cluster, volumeName)
          : undefined;
      },
      patience,
    );
  } catch (error) {
    const said = (await eventsOf(cluster, claim)).map((event) => `${event.reason}: ${event.message}`);
    throw new Error(`claim ${claim.name} was not bound; events: ${said.join(' | ')}`, { cause: error });
  }
}

export async function eventsOf(cluster: TestCluster, claim: ClaimRef): Promise<CoreV1Event[]> {
  const { items } = await cluster.core.listNamespacedEvent({
    namespace: claim.namespace,
    fieldSelector: `involvedObject.name=${claim.name}`,
  });
  return items.filter((event) => event.involvedObject.uid === claim.uid);
}

/** Waits for an event of `reason` on the claim whose message matches, and returns the message. */
export async function event(cluster: TestCluster, claim: ClaimRef, reason: string, message = /./): Promise<string> {
  return waitFor(
    `event ${reason} ${String(message)} on ${claim.name}`,
    async () => {
      const found = (await eventsOf(cluster, claim)).find(
        (each) => each.reason === reason && message.test(each.message ?? ''),
      );
      return found?.message;
    },
    patience,
  );
}

export async function deleteClaim(cluster: TestCluster, claim: ClaimRef): Promise<void> {
  await cluster.core.deleteNamespacedPersistentVolumeClaim(claim);
}

export async function volumeGone(cluster: TestCluster, name: string): Promise<void> {
  await waitFor(`PV ${name} is gone`, async () => (await getVolume(cluster, name)) === undefined, patience);
}

/** Has the claim ask for another size. Rejects with what the API server says when it refuses. */
export async function resizeClaim(cluster: TestCluster, claim: ClaimRef, size: string): Promise<void> {
  await cluster.core.patchNamespacedPersistentVolumeClaim({
    namespace: claim.namespace,
    name: claim.name,
    body: [{ op: 'replace', path: '/spec/resources/requests/storage', value: size }],
  });
}

/** Waits for the claim's status to say that size, and nothing of growth any more. */
export async function grown(cluster: TestCluster, claim: ClaimRef, size: string): Promise<V1PersistentVolumeClaim> {
  try {
    return await waitFor(
      `claim ${claim.name} has ${size}`,
      async () => {
        const current = await getClaim(cluster, claim);
        const { capacity, conditions = [], allocatedResourceStatuses = {} } = current.status ?? {};
        const isQuiet = conditions.length === 0 && Object.keys(allocatedResourceStatuses).length === 0;
        return capacity?.['storage'] === size && isQuiet ? current : undefined;
      },
      patience,
    );
  } catch (error) {
    const said = (await eventsOf(cluster, claim)).map((each) => `${each.reason}: ${each.message}`);
    throw new Error(`claim ${claim.name} did not grow; events: ${said.join(' | ')}`, { cause: error });
  }
}

/** Waits for the PV to reach a phase. */
export async function phase(cluster: TestCluster, name: string, wanted: string): Promise<V1PersistentVolume> {
  return waitFor(
    `PV ${name} is ${wanted}`,
    async () => {
      const volume = await getVolume(cluster, name);
      return volume?.status?.phase === wanted ? volume : undefined;
    },
    patience,
  );
}

export function names(volume: V1PersistentVolume): { readonly pv: string; readonly gluster: string } {
  const pv = volume.metadata?.name;
  if (pv === undefined) {
    throw new Error(`expected a PV with a name, got ${JSON.stringify(volume.metadata)}`);
  }
  return { pv, gluster: mountSourceOf(volume).volume };
}

/** Gluster's names of the volumes of these claims, of classes without a prefix of their own. */
export async function volumesOf({ storage }: TestCluster, claims: readonly ClaimRef[]): Promise<string[]> {
  const there = (await storage.volumes()).map(({ name }) => name);
  return there.filter((name) => claims.some(({ uid }) => name === `vol_${uid}`));
}

/** Whether gluster has a volume of that name. */
export async function isThere({ storage }: TestCluster, gluster: string): Promise<boolean> {
  return (await storage.volumes()).some(({ name }) => name === gluster);
}

/** Waits until neither a volume nor a brick of the claim is left. */
export async function nothingLeft(cluster: TestCluster, claim: ClaimRef): Promise<void> {
  await waitFor(
    `nothing of claim ${claim.name} is left in storage`,
    async () =>
      !(await cluster.storage.volumes()).some(({ name }) => name.endsWith(claim.uid)) &&
      (await cluster.storage.bricks(claim.uid)).length === 0,
    patience,
  );
}

/** What an administrator does to a PersistentVolume with `kubectl patch`. */
export async function setPolicy(cluster: TestCluster, name: string, policy: string): Promise<void> {
  await cluster.core.patchPersistentVolume({
    name,
    body: [{ op: 'replace', path: '/spec/persistentVolumeReclaimPolicy', value: policy }],
  });
}

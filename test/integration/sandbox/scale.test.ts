/** Ten thousand claims, their volumes and thirty thousand events: it has to work, and to stay in step with its watchers. */
import { expect, it } from 'vitest';

import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { KubeObject } from '../../../src/sandbox/api/object.ts';

const count = 10_000;
const claims = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'gold' },
  provisioner: 'brickyard.dev/gluster',
};

const claim = (name: string) => ({
  ...claims,
  metadata: { name },
  spec: { storageClassName: 'gold', accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
});

const volume = ({ metadata }: KubeObject) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: {
    name: `pvc-${metadata.uid ?? ''}`,
    annotations: { 'pv.kubernetes.io/provisioned-by': 'brickyard.dev/gluster' },
  },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteMany'],
    persistentVolumeReclaimPolicy: 'Delete',
    storageClassName: 'gold',
    glusterfs: { endpoints: 'pool', path: `vol_${metadata.uid ?? ''}` },
    claimRef: { namespace: 'default', name: metadata.name, uid: metadata.uid },
  },
});

const event = (about: KubeObject, number: number) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `${about.metadata.name}.${number}` },
  involvedObject: {
    kind: 'PersistentVolumeClaim',
    namespace: 'default',
    name: about.metadata.name,
    uid: about.metadata.uid,
  },
  reason: `Step${number}`,
  message: 'something happened',
});

it('binds 10,000 claims and pages through them, while a provisioner answers each as it comes', async () => {
  const sandbox = await startTestApi();
  const { api } = sandbox;
  api.create(storageClass);
  const asked: KubeObject[] = [];
  const seen = new Set<string>();
  const stop = api.watch(claims, {}, (change) => {
    if (change.type === 'MODIFIED' && !seen.has(change.object.metadata.name)) {
      seen.add(change.object.metadata.name);
      asked.push(change.object);
    }
  });
  for (let n = 0; n < count; n += 1) {
    api.create(claim(`c${n}`));
  }
  let answered = 0;
  await waitFor(
    'a volume for each claim',
    () => {
      for (const one of asked.splice(0)) {
        api.create(volume(one));
        api.create(event(one, 1));
        api.create(event(one, 2));
        answered += 1;
      }
      return answered === count;
    },
    120_000,
  );
  const bound = () =>
    api.list(claims).filter((one) => (one['status'] as { readonly phase: string }).phase === 'Bound').length;
  await waitFor('all to be bound', () => bound() === count, 120_000);
  stop();

  const names = new Set<string>();
  let token = '';
  do {
    const response = await fetch(`${sandbox.url}/api/v1/persistentvolumeclaims?limit=500&continue=${token}`);
    const page = (await response.json()) as { items: KubeObject[]; metadata: { continue?: string } };
    for (const item of page.items) {
      names.add(item.metadata.name);
    }
    token = page.metadata.continue ?? '';
  } while (token !== '');
  expect(names.size).toBe(count);
  expect(api.list({ apiVersion: 'v1', kind: 'Event' })).toHaveLength(3 * count);
  await sandbox.close();
});

import { KubeConfig } from '@kubernetes/client-node';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/cli/system-clock.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { isAlreadyExists, isConflict, isExpired, isOutcomeUnknown } from '../../../src/kube/errors.ts';
import { referenceTo } from '../../../src/kube/event-body.ts';
import { EventRecorder } from '../../../src/kube/event-recorder.ts';
import { LeaderElector } from '../../../src/kube/leader-elector.ts';
import {
  events,
  leases,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeBody,
} from '../../../src/kube/resources.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { startKubeSandbox, type KubeSandbox } from '../../../src/sandbox/api/start.ts';
import { waitFor } from '../../support/wait-for.ts';
import { clientFor } from './server.ts';

// The same calls as everywhere in this folder, on an API that keeps objects and has opinions about them.

let sandbox: KubeSandbox;
let client: KubeClient;

beforeEach(async () => {
  sandbox = await startKubeSandbox({ clock: systemClock, random: Math.random });
  onTestFinished(() => sandbox.close());
  const kubeConfig = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromString(sandbox.kubeconfig);
    return config;
  };
  client = clientFor('', { kubeConfig });
});

const volume = (name: string, resourceVersion?: string): PersistentVolumeBody => ({
  metadata: { name, resourceVersion, annotations: { a: '1' } },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteMany'],
    persistentVolumeReclaimPolicy: 'Retain',
    glusterfs: { endpoints: 'gluster', endpointsNamespace: 'default', path: 'vol_1' },
  },
});

/** Deep enough for a hundred times the speed: a retry period of 2 s is 20 ms. */
const hurried: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};

describe('calls', () => {
  test('an object is made, found, changed and deleted', async () => {
    const made = await client.create(persistentVolumes, volume('pv-1'));
    expect(await client.get(persistentVolumes, { name: 'pv-1' })).toMatchObject({
      metadata: { uid: made.metadata.uid },
    });

    const merged = await client.patch(
      persistentVolumes,
      { name: 'pv-1' },
      { metadata: { annotations: { b: '2' } } },
      { type: 'merge' },
    );
    expect(merged.metadata.annotations).toMatchObject({ a: '1', b: '2' });

    const patched = await client.patch(
      persistentVolumes,
      { name: 'pv-1' },
      [
        { op: 'test', path: '/metadata/resourceVersion', value: merged.metadata.resourceVersion },
        { op: 'remove', path: '/metadata/annotations/a' },
      ],
      { type: 'json' },
    );
    expect(patched.metadata.annotations).not.toHaveProperty('a');

    const applied = await client.patch(
      persistentVolumes,
      { name: 'pv-1' },
      { metadata: { name: 'pv-1', annotations: { c: '3' } } },
      { type: 'apply', fieldManager: 'brickyard', force: true },
    );
    expect(applied.metadata.annotations).toMatchObject({ b: '2', c: '3' });

    expect(await client.delete(persistentVolumes, { name: 'pv-1' }, { uid: made.metadata.uid })).toBe('deleted');
    await waitFor(
      'the end of the volume',
      async () => (await client.get(persistentVolumes, { name: 'pv-1' })) === undefined,
    );
    expect(await client.delete(persistentVolumes, { name: 'pv-1' })).toBe('gone');
  });

  test('a second one of the name, a stale version and another uid are refused', async () => {
    const made = await client.create(persistentVolumes, volume('pv-1'));
    const failures = await Promise.all(
      [
        client.create(persistentVolumes, volume('pv-1')),
        client.replace(persistentVolumes, { name: 'pv-1' }, volume('pv-1', '1')),
        client.delete(persistentVolumes, { name: 'pv-1' }, { uid: 'another' }),
      ].map((call) => call.catch((error: unknown) => error)),
    );

    expect(failures.map(isAlreadyExists)).toEqual([true, false, false]);
    expect(failures.map(isConflict)).toEqual([false, true, true]);
    expect(await client.get(persistentVolumes, { name: 'pv-1' })).toMatchObject({
      metadata: { uid: made.metadata.uid },
    });
  });

  test('a write whose answer is lost has an unknown outcome, and looking tells', async () => {
    sandbox.faults.add({ match: { verb: 'create' }, action: { do: 'loseAnswer' }, times: 1 });

    const failure: unknown = await client.create(persistentVolumes, volume('pv-1')).catch((error: unknown) => error);

    expect(isOutcomeUnknown(failure)).toBe(true);
    expect(await client.get(persistentVolumes, { name: 'pv-1' })).toBeDefined();
  });

  test('lists come in pages of one state, and selectors select', async () => {
    for (let index = 0; index < 7; index += 1) {
      await client.create(persistentVolumes, volume(`pv-${index}`));
    }
    const sizes: number[] = [];
    for await (const page of client.pages(persistentVolumes, { pageSize: 3 })) {
      sizes.push(page.items.length);
    }
    const one = await client.list(persistentVolumes, { fieldSelector: 'metadata.name=pv-3' });

    expect(sizes).toEqual([3, 3, 1]);
    expect(one.items.map((item) => item.metadata.name)).toEqual(['pv-3']);
    expect(await client.get(namespaces, { name: 'kube-system' })).toBeDefined();
  });

  test('a position that the server has forgotten is told as expired', async () => {
    const { resourceVersion } = await client.list(persistentVolumes);
    await client.create(persistentVolumes, volume('pv-1'));
    await client.create(persistentVolumes, volume('pv-2'));
    sandbox.faults.compact();

    const failure: unknown = await client
      .watch(persistentVolumes, { resourceVersion })
      .next()
      .catch((error: unknown) => error);

    expect(isExpired(failure)).toBe(true);
  });
});

test('the reflector stays true over refusals, cuts and forgotten history', async () => {
  const reflector = new Reflector<PersistentVolume>({
    api: client,
    resource: persistentVolumes,
    clock: systemClock,
    random: () => 0,
    log: silentLog,
    pageSize: 3,
  });
  onTestFinished(() => reflector.stop());
  // Handlers alone must be enough to know what exists.
  const known = new Set<string>();
  reflector.addHandler({
    add: ({ metadata }) => known.add(metadata.name),
    delete: ({ metadata }) => known.delete(metadata.name),
  });
  sandbox.faults.add({ match: { verb: 'list' }, action: { do: 'refuse', code: 500 }, times: 2 });
  reflector.start();
  await reflector.synced();

  const names = new Set<string>();
  for (let round = 0; round < 12; round += 1) {
    names.add(`pv-${round}`);
    await client.create(persistentVolumes, volume(`pv-${round}`));
    if (round % 3 === 0) {
      sandbox.faults.dropWatches();
    }
    if (round % 4 === 3) {
      names.delete(`pv-${round - 2}`);
      await client.delete(persistentVolumes, { name: `pv-${round - 2}` });
      sandbox.faults.compact();
    }
  }

  const want = [...names].sort();
  const have = (): string[] =>
    reflector.lister
      .all()
      .map(({ metadata }) => metadata.name)
      .sort();
  await waitFor('the cache to be true', () => JSON.stringify(have()) === JSON.stringify(want));
  expect([...known].sort()).toEqual(want);
});

describe('leader election', () => {
  function candidate(identity: string, told: string[]): LeaderElector {
    const api = client.isolated(`lease-${identity}`, { qps: 1_000, burst: 1_000, retries: 0 });
    onTestFinished(() => api.close());
    const elector = new LeaderElector({
      api,
      clock: hurried,
      random: Math.random,
      log: silentLog,
      namespace: 'default',
      name: 'controller',
      identity,
      // The clock goes a hundred times as fast: 3 s of real time until a term ends.
      leaseDurationMs: 400_000,
      renewDeadlineMs: 300_000,
      onElected: () => told.push(`${identity} elected`),
      onLost: () => told.push(`${identity} lost`),
    });
    onTestFinished(() => elector.stop());
    return elector;
  }

  test('one leads; when it stops the other one takes over; the Lease is as the API wants it', async () => {
    const told: string[] = [];
    const [a, b] = [candidate('a', told), candidate('b', told)];
    a.start();
    await waitFor('a leader', () => a.isLeader());
    b.start();
    await waitFor('b to see it', () => b.leader() === 'a');

    await a.stop();
    await waitFor('the other leader', () => b.isLeader());

    expect(told).toEqual(['a elected', 'b elected']);
    const lease = await client.get(leases, { namespace: 'default', name: 'controller' });
    expect(lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    expect(lease?.spec.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  test('a leader that the server no longer answers loses, and says so once', async () => {
    const told: string[] = [];
    const a = candidate('a', told);
    a.start();
    await waitFor('a leader', () => a.isLeader());

    sandbox.faults.add({ match: { resource: 'leases' }, action: { do: 'hang' } });
    await waitFor('the loss', () => told.includes('a lost'));

    expect(a.isLeader()).toBe(false);
    expect(told).toEqual(['a elected', 'a lost']);
  });
});

test('an event is one write, and is shown with its object', async () => {
  const claim = await client.create(persistentVolumeClaims, {
    metadata: { name: 'c', namespace: 'default' },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'none' },
  });
  const recorder = new EventRecorder({ api: client, clock: systemClock, log: silentLog, instance: 'pod-1' });
  for (let time = 0; time < 10; time += 1) {
    recorder.record({
      about: referenceTo(persistentVolumeClaims, claim),
      type: 'Warning',
      reason: 'VolumeFailedDelete',
      message: 'no space',
    });
  }
  await recorder.close(5_000);

  const found = await client.list(events, { namespace: 'default', fieldSelector: 'reason=VolumeFailedDelete' });
  expect(found.items).toMatchObject([
    { involvedObject: { kind: 'PersistentVolumeClaim', name: 'c', uid: claim.metadata.uid }, message: 'no space' },
  ]);
  expect(recorder.dropped).toBe(0);
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCaches, everyCache, type Caches } from '../../../src/controller/caches.ts';
import { ExpandReconciler } from '../../../src/controller/expand.ts';
import { createQueues, type Queues } from '../../../src/controller/queues.ts';
import { silentObserver } from '../../../src/controller/observer.ts';
import { buildPersistentVolume } from '../../../src/controller/pv.ts';
import { Verdicts } from '../../../src/controller/verdicts.ts';
import { wire } from '../../../src/controller/wiring.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { clusterId, type VolumeId } from '../../../src/domain/names.ts';
import { rejected, waiting, type Outcome } from '../../../src/domain/outcome.ts';
import type { VolumeRecord } from '../../../src/domain/volume.ts';
import type { VolumeLocation } from '../../../src/engine/api.ts';
import type { KubeObject, Resource } from '../../../src/kube/resource.ts';
import { endpoints, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../../src/kube/resources.ts';
import type { WatchEvent } from '../../../src/kube/api.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeApi } from './fake-api.ts';
import { boundClaim, claim, provisioner, record, storageClass } from './objects.ts';
import { claimKey, claimName, id, pvName } from './world.ts';

/** A FakeApi whose watches never bring anything: changes arrive by listing again. */
class ListingApi extends FakeApi {
  override async *watch<T extends KubeObject>(
    _resource?: Resource<T>,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<WatchEvent<T>> {
    await new Promise<void>((resolve) => {
      options?.signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    yield* [];
  }
}

const strange = '11111111-1111-4111-8111-111111111111';
let api: ListingApi;
let caches: Caches;
let queues: Queues;
let verdicts: Verdicts;
let records: Map<VolumeId, VolumeRecord>;
let forgotten: VolumeId[];
let short: string[];
let expand: ExpandReconciler;
let engineSays: Outcome<VolumeLocation>;
let topologyChanged: () => void;
let queued: string[];
let unwire: () => void;

beforeEach(async () => {
  api = new ListingApi();
  const clock = new FakeClock();
  const shared = { api, clock, random: () => 0.5, log: silentLog };
  caches = createCaches({ ...shared, namespace: 'brickyard' });
  queues = createQueues({ ...shared, observer: silentObserver, workers: 4 });
  verdicts = new Verdicts(clock);
  records = new Map();
  forgotten = [];
  short = [];
  queued = [];
  engineSays = rejected('never');
  expand = new ExpandReconciler({
    ...shared,
    engine: {
      volume: (wanted) => records.get(wanted),
      growVolume: async () => engineSays,
      cancelGrowth: async () => engineSays,
    },
    events: { record: () => undefined },
    observer: silentObserver,
    provisioner,
    findClaim: (key) => caches.claims.lister.byKey(key),
    findClass: (name) => caches.classes.lister.byKey(name),
    findVolume: (name) => caches.volumes.lister.byKey(name),
  });
  unwire = wire({
    caches,
    queues,
    engine: {
      volume: (wanted) => records.get(wanted),
      clusters: () => [{ id: clusterId('default') }],
      onTopologyChange: (listener) => {
        topologyChanged = listener;
        return () => undefined;
      },
    },
    provision: {
      forget: (gone) => void forgotten.push(gone),
      takeShort: () => short.splice(0),
    },
    expand,
    verdicts,
    provisioner,
  });
  const note = (queue: string) => async (key: string) => {
    queued.push(`${queue} ${key}`);
    return { kind: 'done' } as const;
  };
  queues.claims.start(note('claims'));
  queues.expansions.start(note('expansions'));
  queues.volumes.start(note('volumes'));
  queues.leftovers.start(note('leftovers'));
  queues.endpoints.start(note('endpoints'));
  everyCache(caches).forEach(([, cache]) => cache.start());
  await Promise.all(everyCache(caches).map(([, cache]) => cache.synced()));
});

afterEach(async () => {
  unwire();
  await Promise.all(everyCache(caches).map(([, cache]) => cache.stop()));
});

/** Makes the caches see how the API stands now; returns what was queued because of it. */
async function seen(): Promise<string[]> {
  queued.length = 0;
  [caches.claims, caches.volumes, caches.classes, caches.endpoints].forEach((cache) => cache.relist());
  await settled();
  return [...queued].sort();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

function putVolume(metadata: Readonly<Record<string, unknown>> = {}): void {
  const body = buildPersistentVolume({
    claim: claim(),
    storageClass: storageClass(),
    volume: record(),
    provisioner,
    namespace: 'brickyard',
    form: 'glusterfs',
  });
  api.put(persistentVolumes, { spec: body.spec, metadata: Object.assign({}, body.metadata, metadata) });
}

describe('a claim', () => {
  it('is looked at while it has no volume', async () => {
    api.put(persistentVolumeClaims, claim());
    await expect(seen()).resolves.toEqual([`claims ${claimKey}`]);
    api.put(persistentVolumeClaims, claim({ spec: { volumeName: pvName.name } }));
    await expect(seen()).resolves.toEqual([]);
  });

  it('that was given another volume leaves the one that was being made for it', async () => {
    records.set(id, record({ phase: 'creating' }));
    api.put(persistentVolumeClaims, claim({ spec: { volumeName: 'by-hand' } }));
    await expect(seen()).resolves.toEqual([`leftovers ${id}`]);
  });

  it('that was given its own volume leaves nothing to look after', async () => {
    records.set(id, record({ phase: 'creating' }));
    api.put(persistentVolumeClaims, claim({ spec: { volumeName: pvName.name } }));
    await expect(seen()).resolves.toEqual([]);
  });

  it.each([
    ['creating', [`leftovers ${id}`]],
    ['ready', []],
  ] as const)('that goes leaves a volume in phase %s to look after, or not', async (phase, expected) => {
    api.put(persistentVolumeClaims, claim());
    await seen();
    records.set(id, record({ phase }));
    api.drop(persistentVolumeClaims, claimName);
    await expect(seen()).resolves.toEqual(expected);
    expect(forgotten).toEqual([id]);
  });

  it.each([
    ['', [`claims ${claimKey}`, `leftovers ${id}`]],
    [pvName.name, []],
  ])('that is being deleted leaves what was begun for it, unless it is bound: %j', async (volumeName, expected) => {
    records.set(id, record({ phase: 'creating' }));
    api.put(
      persistentVolumeClaims,
      claim({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { volumeName } }),
    );
    await expect(seen()).resolves.toEqual(expected);
  });

  it('that is replaced by one of its name is the end of the one and the beginning of the other', async () => {
    api.put(persistentVolumeClaims, claim());
    await seen();
    records.set(id, record({ phase: 'creating' }));
    api.put(persistentVolumeClaims, claim({ metadata: { uid: strange } }));
    await expect(seen()).resolves.toEqual([`claims ${claimKey}`, `leftovers ${id}`]);
  });
});

describe('a bound claim', () => {
  it('is looked at for its size when it asks for more than it has, or its status speaks of growth', async () => {
    api.put(persistentVolumeClaims, boundClaim('5Gi'));
    await expect(seen()).resolves.toEqual([]);
    api.put(persistentVolumeClaims, boundClaim('6Gi'));
    await expect(seen()).resolves.toEqual([`expansions ${claimKey}`]);
    const conditions = [{ type: 'Resizing', status: 'True' }];
    api.put(persistentVolumeClaims, boundClaim('5Gi', { status: { conditions } }));
    await expect(seen()).resolves.toEqual([`expansions ${claimKey}`]);
  });

  it('is looked at when it comes to ask for less than it has, and not because it always did', async () => {
    api.put(persistentVolumeClaims, boundClaim('5Gi'));
    await seen();
    api.put(persistentVolumeClaims, boundClaim('2Gi'));
    await expect(seen()).resolves.toEqual([`expansions ${claimKey}`]);
    api.put(persistentVolumeClaims, boundClaim('2Gi', { metadata: { labels: { a: 'b' } } }));
    await expect(seen()).resolves.toEqual([]);
  });

  it('is looked at again when its PersistentVolume comes, which may be later than itself', async () => {
    api.put(persistentVolumeClaims, boundClaim('6Gi'));
    await seen();
    putVolume();
    await expect(seen()).resolves.toEqual([`expansions ${claimKey}`, `volumes ${pvName.name}`]);
  });

  /** Has the claim's growth end as the engine says. */
  async function grown(outcome: Outcome<VolumeLocation>): Promise<void> {
    engineSays = outcome;
    records.set(id, record({ phase: 'ready' }));
    api.put(storageClasses, storageClass({ allowVolumeExpansion: true }));
    api.put(persistentVolumeClaims, boundClaim('6Gi'));
    putVolume();
    await seen();
    await expand.reconcile(claimKey, new AbortController().signal);
    await seen();
    queued.length = 0;
  }

  it('that was rejected is looked at again when the storage changes, and when its class does', async () => {
    await grown(rejected('never'));
    topologyChanged();
    await settled();
    expect(queued).toContain(`expansions ${claimKey}`);
    await grown(rejected('never'));
    api.put(storageClasses, storageClass({ allowVolumeExpansion: true, mountOptions: ['ro'] }));
    await expect(seen()).resolves.toContain(`expansions ${claimKey}`);
  });

  it('that was short of room is looked at again when the storage changes', async () => {
    await grown(waiting({ what: 'capacity' }, 'no room'));
    topologyChanged();
    await settled();
    expect(queued).toContain(`expansions ${claimKey}`);
  });
});

describe('a PersistentVolume', () => {
  it('is looked at when it is ours, and only then', async () => {
    putVolume();
    await expect(seen()).resolves.toEqual([`volumes ${pvName.name}`]);
    putVolume({ annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/nfs' } });
    await expect(seen()).resolves.toEqual([]);
  });

  it('that goes gives its name back to the claim that was rejected for it', async () => {
    api.put(persistentVolumes, { metadata: pvName, spec: {} });
    await seen();
    verdicts.reject(id, claim(), storageClass());
    api.drop(persistentVolumes, pvName);
    await expect(seen()).resolves.toEqual([`claims ${claimKey}`]);
    expect(verdicts.remaining(id, claim(), storageClass())).toBe(0);
  });

  it('that goes while its volume is being deleted leaves that to be finished', async () => {
    putVolume();
    await seen();
    records.set(id, record({ phase: 'deleting' }));
    api.drop(persistentVolumes, pvName);
    await expect(seen()).resolves.toEqual([`claims ${claimKey}`, `leftovers ${id}`]);
  });

  it('with a name that is none of ours goes unnoticed', async () => {
    api.put(persistentVolumes, { metadata: { name: 'by-hand' }, spec: {} });
    await seen();
    api.drop(persistentVolumes, { name: 'by-hand' });
    await expect(seen()).resolves.toEqual([]);
  });
});

describe('a StorageClass', () => {
  it('that comes or is replaced has its claims without a volume looked at', async () => {
    api.put(persistentVolumeClaims, claim());
    api.put(persistentVolumeClaims, claim({ metadata: { name: 'bound', uid: strange }, spec: { volumeName: 'x' } }));
    api.put(
      persistentVolumeClaims,
      claim({ metadata: { name: 'other', uid: strange }, spec: { storageClassName: 'b' } }),
    );
    await seen();
    api.put(storageClasses, storageClass());
    await expect(seen()).resolves.toEqual([`claims ${claimKey}`]);
    api.put(storageClasses, storageClass({ metadata: { name: 'gluster', uid: 'class-2', resourceVersion: '8' } }));
    await expect(seen()).resolves.toEqual([`claims ${claimKey}`]);
  });
});

describe('storage that changes', () => {
  it('lifts verdicts, looks again at claims that were short of room, and at all Endpoints', async () => {
    verdicts.reject(id, claim(), storageClass());
    short.push('team-b/large');
    queued.length = 0;
    topologyChanged();
    await settled();
    expect([...queued].sort()).toEqual([`claims ${claimKey}`, 'claims team-b/large', 'endpoints default']);
    expect(verdicts.remaining(id, claim(), storageClass())).toBe(0);
  });
});

describe('Endpoints', () => {
  const name = { namespace: 'brickyard', name: 'gluster-default' };
  const labels = { 'app.kubernetes.io/managed-by': 'brickyard', 'brickyard.dev/cluster': 'default' };

  it('are looked at when they change and when they go', async () => {
    api.put(endpoints, { metadata: { ...name, labels }, subsets: [] });
    await expect(seen()).resolves.toEqual(['endpoints default']);
    api.drop(endpoints, name);
    await expect(seen()).resolves.toEqual(['endpoints default']);
  });

  it('without a cluster of ours in their label go unnoticed', async () => {
    api.put(endpoints, {
      metadata: { ...name, labels: { ...labels, 'brickyard.dev/cluster': 'No Such' } },
      subsets: [],
    });
    await expect(seen()).resolves.toEqual([]);
  });
});

describe('a claim with a uid that is none', () => {
  it('comes and goes without harm', async () => {
    api.put(persistentVolumeClaims, claim({ metadata: { uid: 'not-a-uuid' } }));
    await expect(seen()).resolves.toEqual([`claims ${claimKey}`]);
    api.drop(persistentVolumeClaims, claimName);
    await expect(seen()).resolves.toEqual([]);
    expect(forgotten).toEqual([]);
  });
});

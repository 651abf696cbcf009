/**
 * No reconciler writes to a PersistentVolume of yesterday, or has the engine do anything about it: neither when it bears the
 * very name that Brickyard would give it, nor when somebody has written our provisioner on it, nor when its volume was
 * adopted.
 */
import { describe, expect, it } from 'vitest';
import { silentObserver } from '../../../src/controller/observer.ts';
import { EndpointsReconciler } from '../../../src/controller/endpoints.ts';
import { Sweep } from '../../../src/controller/sweep.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { clusterId, volumeId } from '../../../src/domain/names.ts';
import { nodeRecord } from '../../../src/domain/topology.ts';
import { endpoints, persistentVolumeClaims, persistentVolumes } from '../../../src/kube/resources.ts';
import { heketiVolume, inTreeEndpoints, inTreeVolume, type LegacyChanges } from '../../support/legacy-objects.ts';
import { FakeApi } from './fake-api.ts';
import { boundClaim, claim, claimUid, provisioner, record, storageClass } from './objects.ts';
import { claimKey, claimName, id, pvName, World } from './world.ts';

const ours = { 'pv.kubernetes.io/provisioned-by': provisioner };

/** How a PersistentVolume of yesterday may look. All have the name that one of ours would have. */
const looks: readonly (readonly [string, LegacyChanges])[] = [
  ['as the in-tree provisioner made it', {}],
  ['made by hand', { annotations: {} }],
  ['with our provisioner written on it', { annotations: ours }],
  [
    "with our provisioner written over the old one, heketi's id kept",
    { annotations: { ...ours, 'gluster.kubernetes.io/heketi-volume-id': '5f6d1f2e0c1a4a539b0e1f2a3b4c5d6e' } },
  ],
  [
    'of another provisioner, with our id on it',
    { annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/other', 'brickyard.dev/volume-id': claimUid } },
  ],
];

/** The claim team-a/data with a PersistentVolume of yesterday under our name. Its class, of the same name, is ours by now. */
function worldOf(changes: LegacyChanges, wanted = '5Gi'): World {
  const world = World.withClaim(boundClaim(wanted));
  world.classes = [storageClass({ allowVolumeExpansion: true })];
  world.api.put(persistentVolumes, inTreeVolume({ ...changes, uid: claimUid }));
  world.sync();
  return world;
}

/** The volume behind it, adopted: its record has gluster's id, and nobody as its owner. */
function adopt(world: World): void {
  const adopted = record({
    id: '99999999-9999-4999-8999-999999999999',
    name: heketiVolume,
    phase: 'ready',
    adopted: true,
    owner: { uid: '', namespace: '', name: '', className: '' },
  });
  world.engine.records.set(adopted.id, adopted);
}

/** Whatever was written at the API, and whatever the engine was asked to do. */
const done = ({ api, engine }: World): readonly string[] => [...api.writes, ...engine.calls];

describe.each(looks)('a PersistentVolume of yesterday %s', (_look, changes) => {
  describe.each([
    ['', () => undefined],
    [', its volume adopted', adopt],
  ])('is never touched%s', (_adopted, prepare) => {
    it.each(['Bound', 'Released', 'Available', 'Failed', 'Pending'])(
      'by the release of volumes, in phase %s and with policy Delete',
      async (phase) => {
        const world = worldOf({ ...changes, phase });
        prepare(world);
        await world.release.reconcile(pvName.name, world.signal);
        expect(done(world)).toEqual([]);
      },
    );

    it('by the release of volumes, when it is being deleted and its claim is gone', async () => {
      const world = worldOf({ ...changes, phase: 'Released' });
      prepare(world);
      world.api.drop(persistentVolumeClaims, claimName);
      world.changeVolume(({ metadata }) => {
        metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
      });
      await world.release.reconcile(pvName.name, world.signal);
      expect(done(world)).toEqual([]);
    });

    it('by growth, when its claim asks for more', async () => {
      const world = worldOf(changes, '50Gi');
      prepare(world);
      await world.expand.reconcile(claimKey, world.signal);
      expect(done(world)).toEqual([]);
    });

    it('by provisioning, when its claim has not been bound to it yet', async () => {
      const world = worldOf(changes);
      prepare(world);
      world.api.put(persistentVolumeClaims, claim());
      world.sync();
      await world.provision.reconcile(claimKey, world.signal);
      expect(done(world)).toEqual([]);
    });

    it('by the clean-up of leftovers', async () => {
      const world = worldOf(changes);
      prepare(world);
      for (const looked of [id, volumeId('99999999-9999-4999-8999-999999999999')]) {
        await world.leftovers.reconcile(looked, world.signal);
      }
      expect(done(world)).toEqual([]);
    });

    it('by the sweep, which does not count its volume among the stray ones either', () => {
      const world = worldOf(changes);
      prepare(world);
      const looked: string[] = [];
      const counts: number[] = [];
      new Sweep({
        engine: { volumes: () => [...world.engine.records.values()] },
        log: silentLog,
        observer: { ...silentObserver, strayVolumes: (count) => void counts.push(count) },
        findClaim: () => world.cachedClaim,
        findVolume: () => world.cachedVolume,
        lookAt: (volume) => void looked.push(volume),
      }).run();
      expect({ looked, counts }).toEqual({ looked: [], counts: [0] });
      expect(done(world)).toEqual([]);
    });
  });
});

describe('a volume of ours', () => {
  it('is not made for a claim whose PersistentVolume of yesterday stands, and the claim is told', async () => {
    const world = worldOf({});
    world.api.put(persistentVolumeClaims, claim());
    world.sync();
    await expect(world.provision.reconcile(claimKey, world.signal)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(done(world)).toEqual([]);
    expect(world.events).toMatchObject([{ type: 'Warning', reason: 'ProvisioningFailed' }]);
    expect(world.events[0]?.message).toMatch(/^PersistentVolume pvc-.* exists, but it was not made for this claim/);
  });

  it('that was begun is not confirmed by a PersistentVolume of yesterday that took its name', async () => {
    const world = worldOf({});
    world.recorded('creating');
    await world.leftovers.reconcile(id, world.signal);
    await world.release.reconcile(pvName.name, world.signal);
    expect(done(world)).toEqual([]);
    expect(world.engine.records.get(id)?.phase).toBe('creating');
  });

  it('that is taken back leaves a PersistentVolume of yesterday under its name alone', async () => {
    const world = worldOf({ phase: 'Released' });
    world.recorded('creating');
    world.api.drop(persistentVolumeClaims, claimName);
    world.sync();
    await world.leftovers.reconcile(id, world.signal);
    // Our own volume goes, since nobody was told of it; by its own name, and with no write to the object.
    expect(world.engine.calls).toEqual([`delete vol_${claimUid}`]);
    expect(world.api.writes).toEqual([]);
    expect(world.api.raw(persistentVolumes, pvName)?.metadata['uid']).toBe('pv-of-yesterday');
  });
});

describe('Endpoints of yesterday', () => {
  it('are not touched, not even in our own namespace', async () => {
    const api = new FakeApi();
    const old = inTreeEndpoints(['10.0.0.9']);
    api.put(endpoints, { ...old, metadata: { ...old.metadata, namespace: 'brickyard' } });
    api.put(endpoints, old);
    const cluster = clusterId('default');
    const reconciler = new EndpointsReconciler({
      api,
      engine: {
        nodes: () => [
          nodeRecord.parse({ id: 'a', cluster, zone: '1', manage: 'a', storage: '10.0.0.1', state: 'online' }),
        ],
      },
      events: { record: () => undefined },
      log: silentLog,
      namespace: 'brickyard',
      resolve: async () => [],
    });
    await expect(reconciler.reconcile(cluster, new AbortController().signal)).resolves.toEqual({ kind: 'right' });
    const written = api.calls.filter(({ verb }) => verb !== 'get').map(({ key }) => key);
    expect(new Set(written)).toEqual(new Set(['brickyard/gluster-default']));
  });
});

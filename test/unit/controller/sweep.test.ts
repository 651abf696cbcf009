import { describe, expect, it } from 'vitest';
import { silentObserver } from '../../../src/controller/observer.ts';
import { Sweep } from '../../../src/controller/sweep.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type { VolumeId } from '../../../src/domain/names.ts';
import type { VolumeRecord } from '../../../src/domain/volume.ts';
import { buildPersistentVolume } from '../../../src/controller/pv.ts';
import { persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { FakeApi } from './fake-api.ts';
import { claim, provisioner, record, storageClass } from './objects.ts';
import { id, pvName } from './world.ts';

interface Scene {
  records: VolumeRecord[];
  cachedClaim: PersistentVolumeClaim | undefined;
  cachedVolume: PersistentVolume | undefined;
  readonly queued: VolumeId[];
  readonly counts: number[];
  readonly logged: string[];
  readonly sweep: Sweep;
}

function scene(phase: VolumeRecord['phase']): Scene {
  const made: Omit<Scene, 'sweep'> = {
    records: [record({ phase })],
    cachedClaim: undefined,
    cachedVolume: undefined,
    queued: [],
    counts: [],
    logged: [],
  };
  const scene: Scene = Object.assign(made, {
    sweep: new Sweep({
      engine: { volumes: () => scene.records },
      log: { ...silentLog, warn: (_fields, message) => void scene.logged.push(message) },
      observer: { ...silentObserver, strayVolumes: (count) => void scene.counts.push(count) },
      findClaim: () => scene.cachedClaim,
      findVolume: () => scene.cachedVolume,
      lookAt: (volume) => void scene.queued.push(volume),
    }),
  });
  return scene;
}

/** The PersistentVolume of the record, as a cache holds it. */
async function standing(): Promise<PersistentVolume | undefined> {
  const api = new FakeApi();
  const input = {
    claim: claim(),
    storageClass: storageClass(),
    volume: record(),
    provisioner,
    namespace: 'brickyard',
    form: 'glusterfs' as const,
  };
  await api.create(persistentVolumes, buildPersistentVolume(input));
  return api.get(persistentVolumes, pvName);
}

describe('a sweep', () => {
  it.each(['creating', 'deleting'] as const)('has every volume in phase %s looked at', (phase) => {
    const s = scene(phase);
    s.sweep.run();
    expect(s.queued).toEqual([id]);
    expect(s.counts).toEqual([0]);
  });

  it.each(['ready', 'growing'] as const)('never has a volume in phase %s looked at', (phase) => {
    const s = scene(phase);
    s.sweep.run();
    expect(s.queued).toEqual([]);
  });
});

describe('a ready volume without claim and PersistentVolume', () => {
  it('is counted each time and logged once', () => {
    const s = scene('ready');
    s.sweep.run();
    s.sweep.run();
    expect(s.counts).toEqual([1, 1]);
    expect(s.logged).toHaveLength(1);
  });

  it('is logged again when it had been wanted in between', () => {
    const s = scene('ready');
    s.sweep.run();
    s.cachedClaim = claim();
    s.sweep.run();
    s.cachedClaim = undefined;
    s.sweep.run();
    expect(s.counts).toEqual([1, 0, 1]);
    expect(s.logged).toHaveLength(2);
  });

  it('is one whose claim has only its name from the old one', () => {
    const s = scene('ready');
    s.cachedClaim = claim({ metadata: { uid: '11111111-1111-4111-8111-111111111111' } });
    s.sweep.run();
    expect(s.counts).toEqual([1]);
  });

  it('is none while its claim or its PersistentVolume stands', async () => {
    const s = scene('ready');
    s.cachedVolume = await standing();
    s.sweep.run();
    s.cachedVolume = undefined;
    s.cachedClaim = claim();
    s.sweep.run();
    expect(s.counts).toEqual([0, 0]);
  });
});

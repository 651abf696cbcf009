import { describe, expect, it } from 'vitest';
import { failed, rejected, unknown, waiting } from '../../../src/domain/outcome.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../../src/kube/resources.ts';
import { status } from './fake-api.ts';
import { claim, claimUid, storageClass } from './objects.ts';
import { claimKey, claimName, id, pvName, World } from './world.ts';

const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
const protection = 'kubernetes.io/pv-protection';
const run = (world: World) => world.release.reconcile(pvName.name, world.signal);

/** A provisioned claim, bound; what happened until then is forgotten. */
async function bound(reclaimPolicy = 'Delete'): Promise<World> {
  const world = World.withClaim();
  world.classes = [storageClass({ reclaimPolicy })];
  await world.provision.reconcile(claimKey, world.signal);
  world.api.put(persistentVolumeClaims, claim({ spec: { volumeName: pvName.name } }));
  world.changeVolume((raw) => {
    raw.status['phase'] = 'Bound';
    raw.metadata['finalizers'] = [...((raw.metadata['finalizers'] as string[] | undefined) ?? []), protection];
  });
  world.events.length = 0;
  world.api.calls.length = 0;
  world.engine.calls.length = 0;
  world.attempts.length = 0;
  return world;
}

/** The same after the claim was deleted. */
async function released(reclaimPolicy = 'Delete'): Promise<World> {
  const world = await bound(reclaimPolicy);
  world.api.drop(persistentVolumeClaims, claimName);
  world.changeVolume((raw) => {
    raw.status['phase'] = 'Released';
  });
  return world;
}

/** kube-controller-manager lets go of an object that is being deleted. */
function unprotect(world: World): void {
  world.changeVolume((raw) => {
    raw.metadata['finalizers'] = (raw.metadata['finalizers'] as string[]).filter((name) => name !== protection);
  });
}

describe('a released volume with policy Delete', () => {
  it('goes: the data first, then the object, then the finalizer', async () => {
    const world = await released();
    const order: string[] = [];
    world.api.faults = { before: (call) => void order.push(`${call.verb} after ${world.engine.calls.join()}`) };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(order).toEqual([
      'get after ',
      'get after ',
      `delete after delete vol_${claimUid}`,
      `get after delete vol_${claimUid}`,
      `patch after delete vol_${claimUid}`,
    ]);
    expect(world.engine.records.size).toBe(0);
    expect(world.api.raw(persistentVolumes, pvName)?.metadata.finalizers).toEqual([protection]);
    expect(world.attempts).toEqual(['delete done']);
    expect(world.freed).toBe(1);
    expect(world.events).toEqual([]);
  });

  it('needs no class', async () => {
    const world = await released();
    world.classes = [];
    await run(world);
    expect(world.engine.records.size).toBe(0);
  });

  it('needs no record: the name stands on the object', async () => {
    const world = await released();
    world.engine.records.clear();
    await run(world);
    expect(world.engine.calls).toEqual([`delete vol_${claimUid}`]);
    expect(world.api.raw(persistentVolumes, pvName)?.metadata['deletionTimestamp']).toBeDefined();
  });

  it('is gone when nobody else holds the object', async () => {
    const world = await released();
    unprotect(world);
    await run(world);
    expect(world.api.raw(persistentVolumes, pvName)).toBeUndefined();
  });

  it('carries on where a crash left it: with the data gone, and with the object deleted', async () => {
    const world = await released();
    world.api.faults = {
      before: (call) => {
        if (call.verb === 'patch') {
          throw status(500, 'InternalError');
        }
      },
    };
    await expect(run(world)).rejects.toMatchObject({ code: 500 });
    world.api.faults = {};
    unprotect(world);
    world.api.calls.length = 0;
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.writes).toEqual(['patch persistentvolumes']);
    expect(world.api.raw(persistentVolumes, pvName)).toBeUndefined();
  });

  it('takes the finalizer off although Kubernetes takes its own off at the same moment', async () => {
    const world = await released();
    let conflicts = 2;
    world.api.faults = {
      before: (call) => {
        if (call.verb === 'patch' && conflicts > 0) {
          conflicts -= 1;
          throw status(409, 'Conflict');
        }
      },
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.raw(persistentVolumes, pvName)?.metadata.finalizers).toEqual([protection]);
  });
});

describe('the last look before data is destroyed', () => {
  it.each<[string, (world: World) => void]>([
    ['the object is gone', (world) => world.api.drop(persistentVolumes, pvName)],
    [
      'another object has its name',
      (world) => {
        const raw = structuredClone(world.api.raw(persistentVolumes, pvName));
        world.api.put(persistentVolumes, { ...raw, metadata: { ...raw?.metadata, uid: 'pv-2' } });
      },
    ],
    [
      'the policy was changed to Retain',
      (world) => {
        const raw = structuredClone(world.api.raw(persistentVolumes, pvName));
        const spec = { ...(raw?.['spec'] as object), persistentVolumeReclaimPolicy: 'Retain' };
        world.api.put(persistentVolumes, { ...raw, spec });
      },
    ],
    [
      'it was edited to stand for another volume',
      (world) => {
        const raw = structuredClone(world.api.raw(persistentVolumes, pvName));
        const name = `other_${claimUid}`;
        Object.assign(raw?.metadata['annotations'] as object, { 'brickyard.dev/volume-name': name });
        world.api.put(persistentVolumes, {
          ...raw,
          spec: { ...(raw?.['spec'] as object), glusterfs: { endpoints: 'e', path: name } },
        });
      },
    ],
    [
      'it was given to somebody else',
      (world) => {
        const raw = structuredClone(world.api.raw(persistentVolumes, pvName));
        world.api.put(persistentVolumes, { ...raw, status: { phase: 'Bound' } });
      },
    ],
  ])('stops when %s, which the cache does not know yet', async (_name, change) => {
    const world = await released();
    change(world);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([]);
    expect(world.api.writes).toEqual([]);
  });

  it('stops while the claim still stands and has no other volume', async () => {
    const world = await released();
    world.api.put(persistentVolumeClaims, claim({ spec: { volumeName: pvName.name } }));
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.engine.calls).toEqual([]);
  });

  it.each([
    ['the claim has another volume', { spec: { volumeName: 'other' } }],
    ['a new claim has its name', { metadata: { uid: '11111111-1111-4111-8111-111111111111' } }],
  ])('goes on when %s', async (_name, changes) => {
    const world = await released();
    world.api.put(persistentVolumeClaims, claim(changes));
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.size).toBe(0);
  });

  it('stops when the API cannot be read', async () => {
    const world = await released();
    world.api.faults = {
      before: () => {
        throw status(503, 'ServiceUnavailable');
      },
    };
    await expect(run(world)).rejects.toMatchObject({ code: 503 });
    expect(world.engine.calls).toEqual([]);
  });

  it.each([
    ['another volume', { 'brickyard.dev/volume-id': '11111111-1111-4111-8111-111111111111' }],
    ['another name', { 'brickyard.dev/volume-name': 'vol_11111111-1111-4111-8111-111111111111' }],
  ])('stops for good at an object that was edited to name %s', async (_name, annotations) => {
    const world = await released();
    world.changeVolume((raw) => Object.assign(raw.metadata['annotations'] as object, annotations));
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.engine.calls).toEqual([]);
    expect(world.events).toMatchObject([{ type: 'Warning', reason: 'VolumeFailedDelete' }]);
    expect(world.events[0]?.message).toMatch(/does not say clearly which volume it stands for, so nothing is deleted/);
  });
});

describe('an object that is replaced by another one of its name', () => {
  /** Puts another PersistentVolume of ours, bound and with its finalizer, in the place of the one that is being deleted. */
  function replace(world: World): void {
    const raw = structuredClone(world.api.raw(persistentVolumes, pvName));
    const { deletionTimestamp: _gone, ...metadata } = raw?.metadata ?? {};
    world.api.put(persistentVolumes, { ...raw, metadata: { ...metadata, uid: 'pv-2', finalizers: [finalizer] } });
  }

  it.each([
    ['while the data is deleted', 'delete'],
    ['right after it was deleted', 'get'],
  ])('is left alone: %s', async (_name, verb) => {
    const world = await released();
    let deleted = false;
    world.api.faults = {
      before: (call) => {
        if (call.verb === verb && world.engine.records.size === 0 && !deleted) {
          deleted = true;
          replace(world);
        }
      },
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.size).toBe(0);
    expect(world.api.raw(persistentVolumes, pvName)?.metadata).toMatchObject({ uid: 'pv-2', finalizers: [finalizer] });
    expect(world.api.raw(persistentVolumes, pvName)?.metadata['deletionTimestamp']).toBeUndefined();
  });

  it('is left alone: while the finalizer is taken off', async () => {
    const world = await released();
    world.api.faults = {
      before: (call) => {
        if (call.verb === 'patch') {
          world.api.faults = {};
          replace(world);
          throw status(409, 'Conflict');
        }
      },
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.raw(persistentVolumes, pvName)?.metadata).toMatchObject({ uid: 'pv-2', finalizers: [finalizer] });
  });
});

describe('a delete that does not succeed', () => {
  it.each([
    ['waiting', waiting({ what: 'node', name: 'c' }, 'peer c is down'), 'waiting: peer c is down'],
    ['failed', failed('stop refused'), 'stop refused. It is tried again'],
  ])('%s: is told on the object and retried, which stays as it is', async (kind, setback, message) => {
    const world = await released();
    world.engine.next.delete.push(setback);
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.events).toEqual([
      { kind: 'PersistentVolume', type: 'Warning', reason: 'VolumeFailedDelete', message },
    ]);
    expect(world.api.writes).toEqual([]);
    expect(world.attempts).toEqual([`delete ${kind}`]);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.size).toBe(0);
  });

  it('is told again after five minutes at the earliest, whatever its words', async () => {
    const world = await released();
    for (const seconds of [10, 70, 130]) {
      world.engine.next.delete.push(waiting({ what: 'node', name: 'c' }, `c has been silent for ${seconds} s`));
      await run(world);
      await world.clock.advance(60_000);
    }
    expect(world.events.map((event) => event.message)).toEqual(['waiting: c has been silent for 10 s']);
    await world.clock.advance(120_000);
    world.engine.next.delete.push(waiting({ what: 'node', name: 'c' }, 'c has been silent for 310 s'));
    await run(world);
    expect(world.events.at(-1)?.message).toBe('waiting: c has been silent for 310 s');
  });

  it('rejected: rests for five minutes', async () => {
    const world = await released();
    world.engine.next.delete.push(rejected('not ours'));
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
  });

  it('unknown: is no failure, and nothing is taken off the object', async () => {
    const world = await released();
    world.engine.next.delete.push(unknown('no answer'));
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.events).toEqual([]);
    expect(world.api.writes).toEqual([]);
  });
});

describe('a volume that is not for us to delete', () => {
  it.each(['Retain', 'Recycle'])('stays with policy %s', async (policy) => {
    const world = await released(policy);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([]);
    expect(world.api.writes).toEqual([]);
  });

  it.each(['Bound', 'Available', 'Pending', 'Failed'])('stays in phase %s', async (phase) => {
    const world = await released();
    world.changeVolume((raw) => {
      raw.status['phase'] = phase;
    });
    await run(world);
    expect(world.engine.calls).toEqual([]);
  });

  it('stays when it is of another provisioner', async () => {
    const world = await released();
    world.changeVolume((raw) => {
      Object.assign(raw.metadata['annotations'] as object, { 'pv.kubernetes.io/provisioned-by': 'example.com/nfs' });
    });
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.calls).toEqual([]);
  });

  it('stays when its deleted object has lost our finalizer', async () => {
    const world = await released();
    world.changeVolume((raw) => {
      raw.metadata['finalizers'] = [protection];
      raw.metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
    });
    await run(world);
    expect(world.engine.calls).toEqual([]);
  });
});

describe('a PersistentVolume that the user deletes first', () => {
  it('keeps its data while the claim is bound, and loses it when the claim is gone', async () => {
    const world = await bound();
    world.changeVolume((raw) => {
      raw.metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
    });
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([]);
    expect(world.api.writes).toEqual([]);

    world.api.drop(persistentVolumeClaims, claimName);
    world.changeVolume((raw) => {
      raw.status['phase'] = 'Released';
    });
    unprotect(world);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.size).toBe(0);
    expect(world.api.writes).toEqual(['patch persistentvolumes']);
    expect(world.api.raw(persistentVolumes, pvName)).toBeUndefined();
  });
});

describe('the finalizer follows the policy', () => {
  it('and goes when Delete becomes Retain', async () => {
    const world = await bound();
    world.changeVolume((raw) => {
      raw.spec['persistentVolumeReclaimPolicy'] = 'Retain';
    });
    await run(world);
    expect(world.api.raw(persistentVolumes, pvName)?.metadata.finalizers).toEqual([protection]);
  });

  it('and comes when Retain becomes Delete', async () => {
    const world = await bound('Retain');
    world.changeVolume((raw) => {
      raw.spec['persistentVolumeReclaimPolicy'] = 'Delete';
    });
    await run(world);
    expect(world.api.raw(persistentVolumes, pvName)?.metadata.finalizers).toEqual([protection, finalizer]);
  });

  it('and is not put on an object that is going: the API server would refuse', async () => {
    const world = await bound('Retain');
    world.changeVolume((raw) => {
      raw.spec['persistentVolumeReclaimPolicy'] = 'Delete';
      raw.metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
    });
    await run(world);
    expect(world.api.writes).toEqual([]);
  });

  it('and goes when Delete becomes Retain on an object that is being deleted: it is not held back, and the data stays', async () => {
    const world = await bound();
    world.changeVolume((raw) => {
      raw.metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
    });
    await run(world);
    world.changeVolume((raw) => {
      raw.spec['persistentVolumeReclaimPolicy'] = 'Retain';
    });
    await run(world);
    expect(world.api.raw(persistentVolumes, pvName)?.metadata.finalizers).toEqual([protection]);
    world.api.drop(persistentVolumeClaims, claimName);
    world.changeVolume((raw) => {
      raw.status['phase'] = 'Released';
    });
    await run(world);
    expect(world.engine.calls).toEqual([]);
  });

  it('and Retain that comes when the deletion has begun stops it, and says what becomes of the rest', async () => {
    const world = await released();
    world.engine.next.delete.push(waiting({ what: 'node', name: 'c' }, 'peer c is down'));
    await run(world);
    world.changeVolume((raw) => {
      raw.spec['persistentVolumeReclaimPolicy'] = 'Retain';
    });
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    await world.leftovers.reconcile(id, world.signal);
    expect(world.engine.calls).toEqual([`delete vol_${claimUid}`]);
    expect(world.events.at(-1)).toEqual({
      kind: 'PersistentVolume',
      type: 'Warning',
      reason: 'VolumeFailedDelete',
      message:
        `the reclaim policy became Retain when the deletion of volume vol_${claimUid} had begun. Nothing more of it is ` +
        'removed while this object stands, and the rest once it is gone. To keep what is left, first run: ' +
        `brickyard volume forget vol_${claimUid} --yes-leave-it`,
    });
  });

  it('and a release after Retain became Delete takes the data', async () => {
    const world = await released('Retain');
    world.changeVolume((raw) => {
      raw.spec['persistentVolumeReclaimPolicy'] = 'Delete';
    });
    await run(world);
    expect(world.engine.records.size).toBe(0);
  });

  it('and nothing is written while it is right', async () => {
    const world = await bound();
    await run(world);
    expect(world.api.calls).toEqual([]);
  });
});

describe('a PersistentVolume that stands', () => {
  it('is the confirmation that a crash prevented', async () => {
    const world = await bound();
    world.recorded('creating');
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.get(id)?.phase).toBe('ready');
  });

  it('is confirmed later when the store does not answer', async () => {
    const world = await bound();
    world.recorded('creating');
    world.engine.next.confirm.push(failed('disk full'));
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.engine.records.get(id)?.phase).toBe('creating');
  });
});

import { describe, expect, it } from 'vitest';
import { failed, rejected, unknown, waiting } from '../../../src/domain/outcome.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../../src/kube/resources.ts';
import { lostAnswer, status, type Call } from './fake-api.ts';
import { claim, claimUid, storageClass } from './objects.ts';
import { claimKey, claimName, id, pvName, World } from './world.ts';

const run = (world: World) => world.provision.reconcile(claimKey, world.signal);

describe('a claim that goes well', () => {
  it('costs one read, and three writes with its two events', async () => {
    const world = World.withClaim();
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.calls.map((call) => `${call.verb} ${call.plural}`)).toEqual([
      'get persistentvolumeclaims',
      'create persistentvolumes',
    ]);
    expect(world.events).toEqual([
      {
        kind: 'PersistentVolumeClaim',
        type: 'Normal',
        reason: 'Provisioning',
        message: 'External provisioner is provisioning volume for claim "team-a/data"',
      },
      {
        kind: 'PersistentVolumeClaim',
        type: 'Normal',
        reason: 'ProvisioningSucceeded',
        message: `Successfully provisioned volume pvc-${claimUid}`,
      },
    ]);
    expect(world.engine.records.get(id)?.phase).toBe('ready');
    expect(world.attempts).toEqual(['provision done']);
  });

  it('gets a PersistentVolume of the form that its class asks for', async () => {
    const world = World.withClaim();
    world.classes = [storageClass({ parameters: { mount: 'csi' } })];
    await run(world);
    world.sync();
    expect(world.cachedVolume?.spec.glusterfs).toBeUndefined();
    expect(world.cachedVolume?.spec.csi).toMatchObject({ driver: 'glusterfs.brickyard.dev', volumeHandle: id });
  });

  it('is confirmed after the PersistentVolume for Delete, and before it for Retain', async () => {
    const order = async (reclaimPolicy: string): Promise<string[]> => {
      const world = World.withClaim();
      world.classes = [storageClass({ reclaimPolicy })];
      const steps: string[] = [];
      world.api.faults = { before: (call) => void steps.push(`${call.verb} with ${world.engine.calls.join(', ')}`) };
      await run(world);
      return steps.slice(1);
    };
    await expect(order('Delete')).resolves.toEqual(['create with ensure']);
    await expect(order('Retain')).resolves.toEqual(['create with ensure, confirm']);
  });

  it('is left alone when it is run again', async () => {
    const world = World.withClaim();
    await run(world);
    world.sync();
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual(['ensure', 'confirm']);
    expect(world.reasons).toEqual(['Provisioning', 'ProvisioningSucceeded']);
  });
});

describe('a cache that trails behind', () => {
  it.each<[string, (world: World) => void]>([
    ['the claim is gone', (world) => world.api.drop(persistentVolumeClaims, claimName)],
    [
      'another claim has its name',
      (world) => world.api.put(persistentVolumeClaims, claim({ metadata: { uid: crypto.randomUUID() } })),
    ],
    [
      'it has been given a volume',
      (world) => world.api.put(persistentVolumeClaims, claim({ spec: { volumeName: 'x' } })),
    ],
    [
      'it is being deleted',
      (world) =>
        world.api.put(persistentVolumeClaims, claim({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })),
    ],
  ])('makes no volume when %s', async (_name, change) => {
    const world = World.withClaim();
    change(world);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([]);
    expect(world.events).toEqual([]);
  });

  it('is not asked twice: with a record there is something to finish', async () => {
    const world = World.withClaim();
    world.recorded('creating');
    await run(world);
    expect(world.api.calls.map((call) => call.verb)).toEqual(['create']);
  });

  it('makes the run fail when the API cannot be read, with nothing done', async () => {
    const world = World.withClaim();
    world.api.faults = {
      before: () => {
        throw status(500, 'InternalError');
      },
    };
    await expect(run(world)).rejects.toMatchObject({ code: 500 });
    expect(world.engine.calls).toEqual([]);
  });
});

describe('a crash', () => {
  it('between PersistentVolume and confirmation is made good, without another event', async () => {
    const world = World.withClaim();
    await run(world);
    world.recorded('creating');
    world.sync();
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.get(id)?.phase).toBe('ready');
    expect(world.reasons).toEqual(['Provisioning', 'ProvisioningSucceeded']);
  });

  it('between confirmation and PersistentVolume (Retain) is made good', async () => {
    const world = World.withClaim();
    world.classes = [storageClass({ reclaimPolicy: 'Retain' })];
    world.recorded('ready');
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.raw(persistentVolumes, pvName)).toBeDefined();
  });
});

describe('a form that cannot be decided', () => {
  it('is told, and decided later for the volume that stands by then', async () => {
    const world = World.withClaim();
    world.noForm = failed('GET /version: no answer');
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.events.at(-1)?.message).toBe('GET /version: no answer. It is tried again');
    expect(world.api.writes).toEqual([]);
    world.noForm = undefined;
    await run(world);
    expect(world.api.writes).toEqual(['create persistentvolumes']);
  });
});

describe('saving the PersistentVolume', () => {
  const onCreate = (error: Error) => (call: Call) => {
    if (call.verb === 'create') {
      throw error;
    }
  };

  it('is tried again, from the record, when the server fails', async () => {
    const world = World.withClaim();
    world.api.faults = { before: onCreate(status(500, 'InternalError', 'etcd is away')) };
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.engine.records.get(id)?.phase).toBe('creating');
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'ProvisioningFailed' });
    expect(world.events.at(-1)?.message).toContain('etcd is away. It is tried again');

    world.api.faults = {};
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.get(id)?.phase).toBe('ready');
    expect(world.reasons).toEqual(['Provisioning', 'ProvisioningFailed', 'ProvisioningSucceeded']);
  });

  it('is done when only the answer was lost', async () => {
    const world = World.withClaim();
    world.api.faults = { after: onCreate(lostAnswer()) };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.reasons).toEqual(['Provisioning', 'ProvisioningSucceeded']);
  });

  it.each([
    ['in the cache', true],
    ['not yet in the cache', false],
  ])("stops at somebody else's object of that name, %s", async (_name, cached) => {
    const world = World.withClaim();
    world.api.put(persistentVolumes, { metadata: pvName, spec: { capacity: { storage: '1Gi' } } });
    if (cached) {
      world.sync();
    }
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.events.at(-1)?.message).toMatch(/exists, but it was not made for this claim/);
    expect(world.api.raw(persistentVolumes, pvName)).not.toHaveProperty('metadata.annotations');
    expect(world.engine.calls).toEqual(cached ? [] : ['ensure']);
  });

  it('does not happen when the claim goes while the volume is made', async () => {
    const world = World.withClaim();
    world.engine.during = () => {
      world.cachedClaim = undefined;
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.writes).toEqual([]);
    expect(world.abandoned).toEqual([id]);
  });

  it('does not happen for a new claim of the same name', async () => {
    const world = World.withClaim();
    world.engine.during = () => {
      world.cachedClaim = claim({ metadata: { uid: crypto.randomUUID() } });
    };
    await run(world);
    expect(world.api.writes).toEqual([]);
    expect(world.abandoned).toEqual([id]);
  });
});

describe('setbacks', () => {
  it('rejected: told with a reason, then left to rest for five minutes', async () => {
    const world = World.withClaim();
    world.engine.next.ensure.push(rejected('replicate 3 needs 3 nodes, the cluster has 2'));
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.events.at(-1)).toMatchObject({
      type: 'Warning',
      reason: 'ProvisioningFailed',
      message: expect.stringMatching(
        /^replicate 3 needs 3 nodes, the cluster has 2\. It cannot work as it is/,
      ) as string,
    });
    await world.clock.advance(100_000);
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 200_000 });
    expect(world.engine.calls).toEqual(['ensure']);
    await world.clock.advance(200_000);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
  });

  it.each<[string, (world: World) => void]>([
    [
      'the class is replaced',
      (world) => {
        world.classes = [storageClass({ metadata: { name: 'gluster', uid: 'class-2', resourceVersion: '8' } })];
      },
    ],
    [
      'the claim is changed',
      (world) => {
        world.cachedClaim = claim({ metadata: { resourceVersion: '42' } });
      },
    ],
    ['the storage is changed', (world) => world.verdicts.liftAll()],
  ])('rejected: taken up at once when %s', async (_name, change) => {
    const world = World.withClaim();
    world.cachedClaim = claim();
    world.engine.next.ensure.push(rejected('no'));
    await run(world);
    change(world);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
  });

  it.each([
    ['waiting', waiting({ what: 'node', name: 'b' }, 'node b does not answer'), 'waiting: node b does not answer'],
    ['failed', failed('mkfs.xfs: no space'), 'mkfs.xfs: no space. It is tried again'],
  ])('%s: told, retried, and never undone', async (kind, setback, message) => {
    const world = World.withClaim();
    world.engine.next.ensure.push(setback);
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.events.at(-1)).toEqual({
      kind: 'PersistentVolumeClaim',
      type: 'Warning',
      reason: 'ProvisioningFailed',
      message,
    });
    expect(world.engine.calls).toEqual(['ensure']);
    expect(world.attempts).toEqual([`provision ${kind}`]);
  });

  it('unknown: not reported as a failure, kept in work', async () => {
    const world = World.withClaim();
    world.engine.next.ensure.push(unknown('no answer within 30 s'));
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.reasons).toEqual(['Provisioning']);
    expect(world.unsettled.get(id)).toEqual(world.request());
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.unsettled.get(id)).toBeUndefined();
  });

  it('says nothing when it is the shutdown that ended the attempt', async () => {
    const world = World.withClaim();
    world.engine.next.ensure.push(unknown('aborted'));
    world.engine.during = () => world.abort.abort();
    await run(world);
    expect(world.reasons).toEqual(['Provisioning']);
  });
});

describe('a claim that goes while its volume is made', () => {
  it.each([
    ['failed', failed('mkfs.xfs: no space')],
    ['waiting', waiting({ what: 'node', name: 'b' }, 'node b does not answer')],
    ['unknown', unknown('no answer')],
  ])('leaves a volume to look after, and nobody to be told: %s', async (kind, setback) => {
    const world = World.withClaim();
    world.engine.next.ensure.push(setback);
    world.engine.during = () => {
      world.cachedClaim = undefined;
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.abandoned).toEqual([id]);
    expect(world.reasons).toEqual(['Provisioning']);
    expect(world.unsettled.get(id) !== undefined).toBe(kind === 'unknown');
  });

  it.each([
    ['done', undefined],
    ['unknown', unknown('no answer')],
  ])('counts as gone when something still holds it, such as a pod that waits: %s', async (_name, setback) => {
    const world = World.withClaim();
    world.engine.next.ensure.push(...(setback === undefined ? [] : [setback]));
    world.engine.during = () => world.changeClaim({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.abandoned).toEqual([id]);
    expect(world.api.writes).toEqual([]);
    expect(world.reasons).toEqual(['Provisioning']);
    await world.leftovers.reconcile(id, world.signal);
    expect(world.engine.records.size).toBe(0);
    expect(world.unsettled.get(id)).toBeUndefined();
  });
});

describe('a class that goes while the volume is made', () => {
  it('is still the one by which the PersistentVolume is made', async () => {
    const world = World.withClaim();
    world.engine.during = () => {
      world.classes = [];
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.raw(persistentVolumes, pvName)).toMatchObject({
      spec: { storageClassName: 'gluster', persistentVolumeReclaimPolicy: 'Delete' },
    });
    expect(world.engine.records.get(id)?.phase).toBe('ready');
  });

  it('and is missed by the next life has the claim wait for it, with what was begun kept', async () => {
    const world = World.withClaim();
    world.recorded('creating');
    world.classes = [];
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    await world.leftovers.reconcile(id, world.signal);
    expect(world.engine.calls).toEqual([]);
    world.classes = [storageClass({ metadata: { name: 'gluster', uid: 'class-2', resourceVersion: '8' } })];
    await run(world);
    expect(world.engine.records.get(id)?.phase).toBe('ready');
  });

  it('and whose claim goes as well leaves nothing', async () => {
    const world = World.withClaim();
    world.recorded('creating');
    world.classes = [];
    world.api.drop(persistentVolumeClaims, claimName);
    world.sync();
    await world.leftovers.reconcile(id, world.signal);
    expect(world.engine.records.size).toBe(0);
  });
});

describe('a setback that lasts', () => {
  const short = (free: number) => waiting({ what: 'capacity' }, `no room: node a needs 5 GiB and has ${free} GiB`);
  const told = (world: World) => world.events.filter((event) => event.reason === 'ProvisioningFailed');

  it('is told again after five minutes at the earliest, whatever its words', async () => {
    const world = World.withClaim();
    for (const free of [1, 2, 3]) {
      world.engine.next.ensure.push(short(free));
      await run(world);
      await world.clock.advance(100_000);
    }
    expect(told(world).map((event) => event.message)).toEqual(['waiting: no room: node a needs 5 GiB and has 1 GiB']);
    world.engine.next.ensure.push(short(4));
    await run(world);
    expect(told(world).at(-1)?.message).toBe('waiting: no room: node a needs 5 GiB and has 4 GiB');
  });

  it('is left to the recorder to count while its words are the same', async () => {
    const world = World.withClaim();
    world.engine.next.ensure.push(short(1), short(1));
    await run(world);
    await run(world);
    expect(told(world)).toHaveLength(2);
  });

  it('does not keep another kind of setback from being told, nor that of another class', async () => {
    const world = World.withClaim();
    world.engine.next.ensure.push(short(1), failed('mkfs.xfs: no space'), short(2));
    await run(world);
    await run(world);
    world.classes = [storageClass({ metadata: { name: 'gluster', uid: 'class-2', resourceVersion: '8' } })];
    await run(world);
    expect(told(world)).toHaveLength(3);
  });
});

describe('claims for which there is no room', () => {
  it('are named once when room has been made', async () => {
    const world = World.withClaim();
    world.engine.next.ensure.push(waiting({ what: 'capacity' }, 'replicate 3 needs 5 GiB on 3 nodes'));
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.provision.takeShort()).toEqual([claimKey]);
    expect(world.provision.takeShort()).toEqual([]);
  });
});

describe('a run that comes before the cache knows of the new PersistentVolume', () => {
  it.each(['Delete', 'Retain'])('costs one read and does nothing again: %s', async (reclaimPolicy) => {
    const world = World.withClaim();
    world.classes = [storageClass({ reclaimPolicy })];
    await run(world);
    world.api.calls.length = 0;
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.calls.map((call) => `${call.verb} ${call.plural}`)).toEqual(['get persistentvolumes']);
    expect(world.engine.calls).toEqual(['ensure', 'confirm']);
    expect(world.reasons).toEqual(['Provisioning', 'ProvisioningSucceeded']);
  });
});

describe('refused claims', () => {
  it('get an event that names every problem, and cost nothing else', async () => {
    const world = World.withClaim(claim({ spec: { volumeMode: 'Block' } }));
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.events).toEqual([
      {
        kind: 'PersistentVolumeClaim',
        type: 'Warning',
        reason: 'ProvisioningFailed',
        message:
          'spec.volumeMode: expected Filesystem, got Block; gluster volumes cannot be raw devices. ' +
          'Put it right, delete the claim and create it anew',
      },
    ]);
    expect(world.api.calls).toEqual([]);
    expect(world.engine.calls).toEqual([]);
    expect(world.attempts).toEqual(['provision refused']);
  });
});

describe('claims that another reconciler has in hand', () => {
  it('come back a second later', async () => {
    const world = World.withClaim();
    await world.inWork.exclusively(id, async () => {
      await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 1000 });
    });
    expect(world.engine.calls).toEqual([]);
  });
});

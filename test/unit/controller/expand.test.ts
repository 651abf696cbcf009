import { describe, expect, it } from 'vitest';
import { failed, rejected, unknown, waiting } from '../../../src/domain/outcome.ts';
import { GiB } from '../../../src/domain/quantity.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../../src/kube/resources.ts';
import { lostAnswer, status, type Call } from './fake-api.ts';
import { boundClaim, provisioner, record, storageClass } from './objects.ts';
import { claimKey, claimName, id, pvName, World } from './world.ts';

const run = (world: World) => world.expand.reconcile(claimKey, world.signal);

/** The claim as the API has it. */
function standing(world: World) {
  return persistentVolumeClaims.parse(world.api.raw(persistentVolumeClaims, claimName));
}

function capacityOfVolume(world: World): string | undefined {
  return persistentVolumes.parse(world.api.raw(persistentVolumes, pvName)).spec.capacity['storage'];
}

const conditionTypes = (world: World) => standing(world).status.conditions.map(({ type }) => type);
const asking = (storage: string) => ({ spec: { resources: { requests: { storage } } } });
const noRoom = waiting({ what: 'capacity' }, 'no device has 4 GiB free');
const noNode = waiting({ what: 'node', name: 'c' }, 'node c does not answer');

/** As a server before 1.32: keeps neither allocatedResources nor allocatedResourceStatuses. */
function forgetful(world: World): void {
  world.api.faults = {
    after: ({ verb }) => {
      const raw = world.api.raw(persistentVolumeClaims, claimName);
      if (verb === 'patch' && raw !== undefined) {
        const {
          allocatedResources: _size,
          allocatedResourceStatuses: _word,
          ...rest
        } = raw['status'] as Record<string, unknown>;
        raw['status'] = rest;
      }
    },
  };
}

describe('a growth that goes well', () => {
  it('costs one read, three writes and two events, in the order that a crash can do nothing against', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    const seen: string[] = [];
    world.engine.during = () => {
      const { allocatedResources, allocatedResourceStatuses } = standing(world).status;
      seen.push(`${allocatedResources['storage']} ${allocatedResourceStatuses['storage']}`);
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(seen).toEqual(['9Gi ControllerResizeInProgress']);
    expect(world.api.calls.map((call) => `${call.verb} ${call.plural}`)).toEqual([
      'get persistentvolumeclaims',
      'patch persistentvolumeclaims',
      'patch persistentvolumes',
      'patch persistentvolumeclaims',
    ]);
    expect(world.events).toEqual([
      {
        kind: 'PersistentVolumeClaim',
        type: 'Normal',
        reason: 'Resizing',
        message: `External resizer is resizing volume pvc-${id} from 5Gi to 9Gi`,
      },
      {
        kind: 'PersistentVolumeClaim',
        type: 'Normal',
        reason: 'VolumeResizeSuccessful',
        message: `Successfully resized volume pvc-${id} to 9Gi`,
      },
    ]);
    expect(world.attempts).toEqual(['grow done']);
    expect(capacityOfVolume(world)).toBe('9Gi');
    expect(standing(world).status).toEqual({
      phase: 'Bound',
      capacity: { storage: '9Gi' },
      conditions: [],
      allocatedResources: { storage: '9Gi' },
      allocatedResourceStatuses: {},
    });
  });

  it('goes the same way for a csi volume, and spares the kubelets their part of it', async () => {
    const world = World.withBound(boundClaim('9Gi'), { form: 'csi' });
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.writes).toEqual([
      'patch persistentvolumeclaims',
      'patch persistentvolumes',
      'patch persistentvolumeclaims',
    ]);
    expect(standing(world).metadata.annotations).toMatchObject({
      'volume.kubernetes.io/node-expansion-not-required': 'true',
    });
    expect(standing(world).status).toMatchObject({ capacity: { storage: '9Gi' }, conditions: [] });
    expect(capacityOfVolume(world)).toBe('9Gi');
  });

  it('is not begun again by a cache that trails behind', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    await run(world);
    const before = world.api.writes.length;
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.api.writes).toHaveLength(before);
    expect(world.engine.calls).toEqual(['grow 9Gi']);
  });

  it('costs the same on a server that knows less', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    forgetful(world);
    world.engine.next.grow.push(noNode, noNode);
    await run(world);
    world.sync();
    await run(world);
    world.sync();
    await run(world);
    // begun, the condition of the trouble, PersistentVolume, end: neither retry says again that work has begun.
    expect(world.api.writes).toHaveLength(4);
    expect(standing(world).status).toMatchObject({ capacity: { storage: '9Gi' }, conditions: [] });
  });

  it('needs no words of growth from a server that refuses ours', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    let refusals = 0;
    world.api.faults = {
      before: ({ verb, plural }) => {
        if (verb === 'patch' && plural === 'persistentvolumeclaims' && refusals === 0) {
          refusals += 1;
          throw status(422, 'Invalid', 'status.allocatedResourceStatus: Unsupported value');
        }
      },
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(refusals).toBe(1);
    expect(standing(world).status).toMatchObject({ capacity: { storage: '9Gi' }, allocatedResources: {} });
  });

  it('takes as much as the volume really has', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.recorded('ready', { size: 10 * GiB });
    await run(world);
    expect(world.engine.calls).toEqual([]);
    expect(capacityOfVolume(world)).toBe('10Gi');
    expect(standing(world).status.capacity).toEqual({ storage: '10Gi' });
    expect(world.reasons).toEqual(['VolumeResizeSuccessful']);
  });

  it('does without the engine while a larger growth, begun by hand, is under way', async () => {
    const world = World.withBound(boundClaim('6Gi'));
    world.recorded('growing', { size: 7 * GiB, growth: { size: 90 * GiB, bricks: [], sets: [] } });
    await run(world);
    expect(world.engine.calls).toEqual([]);
    expect(standing(world).status.capacity).toEqual({ storage: '7Gi' });
  });
});

describe('others who write the claim', () => {
  it('keep what they wrote meanwhile', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.during = () => {
      const conditions = [...standing(world).status.conditions, { type: 'ModifyingVolume', status: 'True' }];
      world.changeClaim({ status: { conditions } });
    };
    await run(world);
    expect(conditionTypes(world)).toEqual(['ModifyingVolume']);
    expect(standing(world).status.capacity).toEqual({ storage: '9Gi' });
  });

  it('may have finished it, as the in-tree expander does when it finds the PersistentVolume large enough', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.api.faults = {
      after: ({ verb, plural }) => {
        if (verb === 'patch' && plural === 'persistentvolumes') {
          world.changeClaim({ status: { capacity: { storage: '9Gi' }, conditions: [] } });
        }
      },
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(standing(world).status).toMatchObject({ capacity: { storage: '9Gi' }, allocatedResourceStatuses: {} });
  });

  it('leave traces that are tidied away once the size is there', async () => {
    const error = { type: 'ControllerResizeError', status: 'True', message: 'no room' };
    const world = World.withBound(boundClaim('5Gi', { status: { conditions: [error] } }));
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(conditionTypes(world)).toEqual([]);
    expect(world.api.writes).toEqual(['patch persistentvolumeclaims']);
    expect(world.events).toEqual([]);
  });

  it('may ask for something else in the very moment in which it begins', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    let once = true;
    world.api.faults = {
      before: ({ verb }) => {
        if (verb === 'patch' && once) {
          once = false;
          world.changeClaim(asking('6Gi'));
        }
      },
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([]);
    await run(world);
    expect(world.engine.calls).toEqual(['grow 6Gi']);
  });
});

describe('a capacity that is written late, by a process that does not lead any more', () => {
  /** Between the look of the one and the arrival of its write, another one writes. */
  const overtaken = (world: World, patch: object): void => {
    let first = true;
    world.api.faults = {
      before: async ({ verb, plural }) => {
        if (first && verb === 'patch' && plural === 'persistentvolumes') {
          first = false;
          await world.api.patch(persistentVolumes, pvName, patch, { type: 'merge' });
        }
      },
    };
  };

  it('takes nothing back from a volume that has grown further since', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    overtaken(world, { spec: { capacity: { storage: '20Gi' } } });
    await run(world);
    expect(capacityOfVolume(world)).toBe('20Gi');
  });

  it('is written all the same when the other one wrote something else', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    overtaken(world, { metadata: { labels: { team: 'a' } } });
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(capacityOfVolume(world)).toBe('9Gi');
  });
});

describe('a setback', () => {
  it.each([
    ['waiting', noNode, 'Waiting', 'waiting: node c does not answer'],
    ['failed', failed('lvextend: exit code 5'), 'Failed', 'lvextend: exit code 5. It is tried again'],
  ] as const)('%s is told in the words of the engine, and tried again', async (_kind, setback, reason, message) => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.next.grow.push(setback);
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'VolumeResizeFailed', message });
    expect(standing(world).status.conditions).toMatchObject([
      { type: 'Resizing' },
      { type: 'ControllerResizeError', status: 'True', reason, message },
    ]);
    expect(standing(world).status.allocatedResourceStatuses).toEqual({ storage: 'ControllerResizeInProgress' });
    world.sync();
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(conditionTypes(world)).toEqual([]);
  });

  it('waiting is told again after five minutes at the earliest, whatever its words', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    const tries = Array.from({ length: 11 }, (_none, index) =>
      waiting({ what: 'capacity' }, `${index} GiB are missing`),
    );
    world.engine.next.grow.push(...tries);
    for (const _try of tries) {
      await run(world);
      world.sync();
      await world.clock.advance(31_000);
    }
    expect(world.events.filter(({ type }) => type === 'Warning').map(({ message }) => message)).toEqual([
      'waiting: 0 GiB are missing',
      'waiting: 10 GiB are missing',
    ]);
    // begun, and the condition twice.
    expect(world.api.writes).toHaveLength(3);
  });

  it('unknown is no failure: nobody is told, and it is looked at again', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.next.grow.push(unknown('the answer was lost'));
    await expect(run(world)).resolves.toEqual({ kind: 'retry', reason: 'the answer was lost' });
    expect(world.reasons).toEqual(['Resizing']);
    expect(conditionTypes(world)).toEqual(['Resizing']);
    world.sync();
    await run(world);
    expect(world.reasons).toEqual(['Resizing', 'VolumeResizeSuccessful']);
  });

  it('rejected is infeasible, rests for five minutes, and costs no write when it is rejected again', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.next.grow.push(rejected('no pool is that large'), rejected('no pool is that large'));
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(standing(world).status.allocatedResourceStatuses).toEqual({ storage: 'ControllerResizeInfeasible' });
    world.sync();
    await world.clock.advance(60_000);
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 240_000 });
    expect(world.engine.calls).toHaveLength(1);
    const writes = world.api.writes.length;
    await world.clock.advance(240_000);
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.engine.calls).toHaveLength(2);
    expect(world.api.writes).toHaveLength(writes);
  });

  it('is forgotten by changed storage, by a changed class, and by another size', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.next.grow.push(rejected('never'), rejected('never'), rejected('never'));
    await run(world);
    expect(world.expand.takeRejected('other')).toEqual([]);
    expect(world.expand.takeRejected('gluster')).toEqual([claimKey]);
    await run(world);
    expect(world.expand.takeRejected()).toEqual([claimKey]);
    await run(world);
    expect(world.engine.calls).toHaveLength(3);
    world.changeClaim(asking('6Gi'));
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls.at(-1)).toBe('grow 6Gi');
  });

  it('for want of room is looked at again when some is made', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.next.grow.push(noRoom);
    await run(world);
    expect(world.expand.takeShort()).toEqual([claimKey]);
    expect(world.expand.takeShort()).toEqual([]);
  });

  it('is told to nobody when the claim has gone meanwhile', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.next.grow.push(noNode);
    world.engine.during = () => {
      world.api.drop(persistentVolumeClaims, claimName);
      world.sync();
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.reasons).toEqual(['Resizing']);
  });
});

describe('a claim that goes while its volume grows', () => {
  it('is not missed', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.during = () => {
      world.api.drop(persistentVolumeClaims, claimName);
      world.api.drop(persistentVolumes, pvName);
      world.sync();
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.reasons).toEqual(['Resizing']);
    expect(world.api.raw(persistentVolumeClaims, claimName)).toBeUndefined();
  });

  it('and comes again by the same name is another one, whose status is not touched', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.engine.during = () => {
      world.api.put(
        persistentVolumeClaims,
        boundClaim('1Gi', { metadata: { uid: 'another' }, status: { phase: 'Pending', capacity: {} } }),
      );
    };
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(standing(world).status).toMatchObject({ phase: 'Pending', capacity: {} });
  });
});

describe('a request that is lowered again', () => {
  const inWork = {
    conditions: [{ type: 'Resizing', status: 'True' }],
    allocatedResources: { storage: '90Gi' },
    allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
  };
  const growth = { size: 90 * GiB, bricks: [], sets: [] };

  it('gives up what is under way, and grows to what is asked for now', async () => {
    const world = World.withBound(boundClaim('6Gi', { status: inWork }));
    world.recorded('growing', { growth });
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual(['cancel', 'grow 6Gi']);
    expect(standing(world).status).toMatchObject({
      capacity: { storage: '6Gi' },
      allocatedResources: { storage: '6Gi' },
      allocatedResourceStatuses: {},
      conditions: [],
    });
  });

  it('keeps what the volume has got already, and says all of it', async () => {
    const world = World.withBound(boundClaim('6Gi', { status: inWork }));
    world.recorded('growing', { growth });
    world.engine.kept = 40 * GiB;
    await run(world);
    expect(world.engine.calls).toEqual(['cancel']);
    expect(capacityOfVolume(world)).toBe('40Gi');
    expect(standing(world).status).toMatchObject({
      capacity: { storage: '40Gi' },
      allocatedResources: { storage: '40Gi' },
    });
  });

  it('waits for what giving up needs, with the larger size still counted', async () => {
    const world = World.withBound(boundClaim('6Gi', { status: inWork }));
    world.recorded('growing', { growth });
    world.engine.next.cancel.push(noNode);
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.engine.calls).toEqual(['cancel']);
    expect(standing(world).status.allocatedResourceStatuses).toEqual({ storage: 'ControllerResizeInProgress' });
    expect(standing(world).status.allocatedResources).toEqual({ storage: '90Gi' });
  });

  it('after a size for which there was no room simply grows to the new one', async () => {
    const world = World.withBound(boundClaim('90Gi'));
    world.engine.next.grow.push(noRoom);
    await run(world);
    world.changeClaim(asking('6Gi'));
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual(['grow 90Gi', 'grow 6Gi']);
    expect(conditionTypes(world)).toEqual([]);
  });

  it('below what the volume has changes nothing, and is answered', async () => {
    const world = World.withBound(boundClaim('5Gi'));
    const lowered = boundClaim('2Gi');
    expect(world.expand.notice(lowered, boundClaim('5Gi'))).toBe(true);
    world.changeClaim(asking('2Gi'));
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.events).toMatchObject([
      {
        type: 'Warning',
        reason: 'VolumeResizeFailed',
        message: 'the claim asks for 2Gi, and its volume has 5 GiB: volumes never become smaller, so nothing was done',
      },
    ]);
    expect(world.engine.calls).toEqual([]);
    expect(world.api.writes).toEqual([]);
    await run(world);
    expect(world.events).toHaveLength(1);
    expect(world.expand.notice(lowered, lowered)).toBe(false);
  });
});

describe('the class', () => {
  it('that does not let volumes grow any more keeps a growth from beginning', async () => {
    const world = World.withBound(boundClaim('9Gi'));
    world.classes = [storageClass({ allowVolumeExpansion: false })];
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.engine.calls).toEqual([]);
    expect(world.events.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^StorageClass gluster does not let volumes grow: set its allowVolumeExpansion to true/),
    ]);
    expect(standing(world).status.allocatedResourceStatuses).toEqual({ storage: 'ControllerResizeInfeasible' });
  });

  it.each<[string, (world: World) => void]>([
    ['that is gone', (world) => void (world.classes = [])],
    [
      'that changed after it had begun',
      (world) => {
        world.classes = [storageClass({ allowVolumeExpansion: false })];
        world.recorded('growing', { growth: { size: 9 * GiB, bricks: [], sets: [] } });
      },
    ],
  ])('%s does not stop it', async (_what, change) => {
    const world = World.withBound(boundClaim('9Gi'));
    change(world);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(standing(world).status.capacity).toEqual({ storage: '9Gi' });
  });
});

describe('a request that cannot be counted', () => {
  it('is answered, and left alone', async () => {
    const world = World.withBound(boundClaim('9Pi'));
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.events).toMatchObject([
      { reason: 'VolumeResizeFailed', message: expect.stringContaining('8 PiB') as string },
    ]);
    expect(world.engine.calls).toEqual([]);
    await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
    expect(world.events).toHaveLength(1);
  });
});

describe('a crash, or an API that fails, at every call', () => {
  const nth = (wanted: number, then: (call: Call) => void) => {
    let count = 0;
    return (call: Call): void => {
      count += 1;
      if (count === wanted) {
        then(call);
      }
    };
  };
  const lose = (): never => {
    throw lostAnswer();
  };
  const refuse = (): never => {
    throw status(500, 'InternalError');
  };

  it.each([1, 2, 3, 4].flatMap((call) => (['before', 'after'] as const).map((when) => [when, call] as const)))(
    '%s call %i leads to the same end in the next life',
    async (when, call) => {
      const world = World.withBound(boundClaim('9Gi'));
      world.api.faults = { [when]: nth(call, when === 'before' ? refuse : lose) };
      await expect(run(world)).rejects.toThrow(/InternalError|ECONNRESET/);
      world.api.faults = {};
      const { expand: next } = world.reborn();
      await expect(next.reconcile(claimKey, world.signal)).resolves.toEqual({ kind: 'done' });
      expect(capacityOfVolume(world)).toBe('9Gi');
      expect(standing(world).status).toMatchObject({
        capacity: { storage: '9Gi' },
        conditions: [],
        allocatedResourceStatuses: {},
      });
      expect(world.engine.records.get(id)).toMatchObject({ phase: 'ready', size: 9 * GiB });
      expect(world.reasons).not.toContain('VolumeResizeFailed');
    },
  );
});

it('names us as the resizer in the end, where the in-tree expander had put its name', async () => {
  const annotations = { 'volume.kubernetes.io/storage-resizer': 'kubernetes.io/glusterfs' };
  const conditions = [{ type: 'Resizing', status: 'True' }];
  const world = World.withBound(boundClaim('9Gi', { annotations, status: { conditions } }));
  forgetful(world);
  await run(world);
  expect(standing(world).metadata.annotations).toEqual({ 'volume.kubernetes.io/storage-resizer': provisioner });
  expect(conditionTypes(world)).toEqual([]);
});

it('is told by the engine that there is no such volume, rather than making one up', async () => {
  const world = World.withBound(boundClaim('9Gi'));
  world.engine.records.clear();
  await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 300_000 });
  expect(world.events.at(-1)?.message).toContain('has no record');
  expect(record().id).toBe(id);
});

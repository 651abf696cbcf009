import { describe, expect, it } from 'vitest';
import { unknown, waiting } from '../../../src/domain/outcome.ts';
import { buildPersistentVolume } from '../../../src/controller/pv.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../../src/kube/resources.ts';
import { status } from './fake-api.ts';
import { claim, claimUid, provisioner, record, storageClass } from './objects.ts';
import { id, World } from './world.ts';

const run = (world: World) => world.leftovers.reconcile(id, world.signal);

function withVolume(world: World): void {
  const body = buildPersistentVolume({
    claim: claim(),
    storageClass: storageClass(),
    volume: record(),
    provisioner,
    namespace: 'brickyard',
    form: 'glusterfs',
  });
  world.api.put(persistentVolumes, body);
}

describe('a volume in phase creating', () => {
  it('goes back when claim and PersistentVolume are gone', async () => {
    const world = new World();
    world.recorded('creating');
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([`delete vol_${claimUid}`]);
    expect(world.freed).toBe(1);
  });

  it.each([
    ['its claim stands', {}],
    ['its claim is bound to it', { spec: { volumeName: `pvc-${claimUid}` } }],
    [
      'its claim is bound to it and being deleted',
      { spec: { volumeName: `pvc-${claimUid}` }, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    ],
  ])('stays while %s, whatever the cache says', async (_name, changes) => {
    const world = new World();
    world.recorded('creating');
    world.api.put(persistentVolumeClaims, claim(changes));
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([]);
  });

  it.each([
    ['a new claim has the name', { metadata: { uid: '11111111-1111-4111-8111-111111111111' } }],
    ['the claim was given another volume', { spec: { volumeName: 'by-hand' } }],
    ['the claim is being deleted without a volume', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  ])('goes back when %s', async (_name, changes) => {
    const world = new World();
    world.recorded('creating');
    world.api.put(persistentVolumeClaims, claim(changes));
    await run(world);
    expect(world.engine.records.size).toBe(0);
  });

  it('goes forward when its PersistentVolume stands', async () => {
    const world = new World();
    world.recorded('creating');
    withVolume(world);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.get(id)?.phase).toBe('ready');
  });

  it.each(['persistentvolumes', 'persistentvolumeclaims'])('stays when %s cannot be read', async (plural) => {
    const world = new World();
    world.recorded('creating');
    world.api.faults = {
      before: (call) => {
        if (call.plural === plural) {
          throw status(500, 'InternalError');
        }
      },
    };
    await expect(run(world)).rejects.toMatchObject({ code: 500 });
    expect(world.engine.calls).toEqual([]);
  });

  it('comes back later while its claim is worked on', async () => {
    const world = new World();
    world.recorded('creating');
    await world.inWork.exclusively(id, async () => {
      await expect(run(world)).resolves.toEqual({ kind: 'after', ms: 1000 });
    });
    expect(world.engine.calls).toEqual([]);
  });

  it('is tried again when it cannot go back yet', async () => {
    const world = new World();
    world.recorded('creating');
    world.engine.next.delete.push(waiting({ what: 'node', name: 'c' }, 'peer c is down'));
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.freed).toBe(0);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.size).toBe(0);
  });
});

describe('a volume of which nobody knows how far it got', () => {
  it('is pressed on to an answer before it goes back, though its claim is gone', async () => {
    const world = World.withClaim();
    const request = world.request();
    world.api.drop(persistentVolumeClaims, { namespace: 'team-a', name: 'data' });
    world.recorded('creating');
    world.unsettled.add(request);
    world.engine.next.ensure.push(unknown('still running'));
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.engine.calls).toEqual(['ensure']);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual(['ensure', 'ensure', `delete vol_${claimUid}`]);
    expect(world.engine.records.size).toBe(0);
  });
});

describe('a volume in phase deleting', () => {
  it('is deleted on', async () => {
    const world = new World();
    world.recorded('deleting');
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.records.size).toBe(0);
  });

  it('is left to the queue for volumes while its PersistentVolume stands', async () => {
    const world = new World();
    world.recorded('deleting');
    withVolume(world);
    world.sync();
    await run(world);
    expect(world.engine.calls).toEqual([]);
  });
});

describe('anything else', () => {
  it.each(['ready', 'growing'] as const)(
    'a volume in phase %s is never touched, whatever is missing',
    async (phase) => {
      const world = new World();
      world.recorded(phase);
      await expect(run(world)).resolves.toEqual({ kind: 'done' });
      expect(world.engine.calls).toEqual([]);
    },
  );

  it('a volume without a record leaves nothing to do', async () => {
    const world = new World();
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual([]);
  });
});

import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreError, type StoredDocument } from '../../../src/engine/ports.ts';
import { KubernetesStore } from '../../../src/store/kubernetes/kubernetes.ts';
import type { Possession } from '../../../src/store/kubernetes/record-api.ts';
import { FakeRecords, type Fate } from '../../support/fake-records.ts';
import { storeContract, type Medium } from './contract.ts';
import { nodeOf, records, volumeIdOf, volumeOf } from './documents.ts';

/** One lease for all stores of a medium. */
class FakeLease {
  holder: symbol | undefined;

  possession(): Possession {
    const me = Symbol('store');
    return {
      take: () => {
        this.holder ??= me;
        return this.holder === me;
      },
      held: () => this.holder === me,
      release: () => {
        this.holder = this.holder === me ? undefined : this.holder;
      },
    };
  }
}

const storeOn = (api: FakeRecords, lease = new FakeLease()): KubernetesStore =>
  new KubernetesStore({ api, possession: lease.possession(), now: () => 0 });

function mediumOf(api: FakeRecords): Medium {
  const lease = new FakeLease();
  return {
    store: () => storeOn(api, lease),
    afterPowerCut: async () => mediumOf(new FakeRecords(api)),
    damage: async ({ id }) => {
      api.byHand('GlusterVolume', id, () => ({ spec: { size: 'much' }, status: { phase: 'ready' } }));
      return { id, size: 'much', phase: 'ready' };
    },
    dispose: async () => undefined,
  };
}

storeContract('the kubernetes store', async () => mediumOf(new FakeRecords()), records);

const volume = (version: number): StoredDocument => records.document('volume', 'a', version);
const node = (version: number): StoredDocument => records.document('node', 'a', version);
const id = volumeIdOf('a');

describe('records as custom resources', () => {
  let api: FakeRecords;
  let store: KubernetesStore;

  beforeEach(async () => {
    api = new FakeRecords();
    store = storeOn(api);
    await store.open();
    api.calls.length = 0;
  });

  it('write a volume, phase and place, in one call each time', async () => {
    await store.put(volume(2));
    await store.put(volume(1));
    expect(api.calls.map(({ verb }) => verb)).toEqual(['create', 'change']);
  });

  it('write nothing when nothing differs', async () => {
    await store.put(node(3));
    api.calls.length = 0;
    await store.put(node(3));
    expect(api.calls).toEqual([]);
  });

  it('keep what people wish in the spec of a node, and what was found in its status', async () => {
    await store.put(node(3));
    const object = await api.get('GlusterNode', 'node-a');
    expect(JSON.stringify(object?.spec)).not.toContain('size');
    expect(object?.status).toEqual({
      devices: nodeOf('node-a', 3)
        .devices.filter(({ size }) => size !== undefined)
        .map(({ name, size }) => ({ name, size })),
    });
  });

  it('leave the short form of an author as it is, and his agreement to wipe', async () => {
    const spec = {
      cluster: 'c',
      zone: 'z',
      manage: 'm',
      storage: 's',
      devices: [{ name: '/dev/vdb', wipe: true }],
    };
    await store.close();
    api.byHand('GlusterNode', 'short', () => ({ spec }));
    const [document] = await store.open();
    const full = {
      ...spec,
      id: 'short',
      state: 'online',
      tags: {},
      devices: [{ name: '/dev/vdb', state: 'online', tags: {}, reserved: 0, wipe: false, size: 5 }],
    };
    await store.put({ kind: 'node', id: 'short', body: full });
    expect(document?.body).toEqual({ ...spec, id: 'short' });
    expect((await api.get('GlusterNode', 'short'))?.spec).toEqual(spec);
    await store.close();
    const [again] = await store.open();
    expect(again?.body).toEqual({ ...spec, id: 'short', devices: [{ name: '/dev/vdb', wipe: false, size: 5 }] });
  });

  it('know a device that its author has left out, open to nothing, until the engine drops it', async () => {
    await store.put(node(3));
    await store.close();
    api.byHand('GlusterNode', 'node-a', (held) => ({ spec: { ...(held?.spec as object), devices: [] } }));
    const [document] = await store.open();
    expect(document?.body).toMatchObject({
      devices: [
        { name: '/dev/vdb', state: 'offline' },
        { name: '/dev/vdd', state: 'offline' },
      ],
    });
    const empty = { ...nodeOf('node-a', 3), devices: [] };
    await store.put({ kind: 'node', id: 'node-a', body: empty });
    await store.close();
    await expect(store.open()).resolves.toEqual([{ kind: 'node', id: 'node-a', body: empty }]);
  });

  it('keep a volume that somebody deletes until the engine removes it', async () => {
    await store.put(volume(1));
    api.deleteByHand('GlusterVolume', id);
    await store.put(volume(2));
    expect(await api.get('GlusterVolume', id)).toMatchObject({ status: { phase: 'creating' } });
    await store.remove('volume', id);
    expect(await api.get('GlusterVolume', id)).toBeUndefined();
  });

  it('write over what is no business of theirs', async () => {
    await store.put(volume(1));
    api.byHand('GlusterVolume', id, (held) => ({ spec: held?.spec }));
    await expect(store.put(volume(2))).resolves.toBeUndefined();
  });

  it('refuse to write over a record that somebody else has changed', async () => {
    await store.put(volume(1));
    api.byHand('GlusterVolume', id, (held) => ({ spec: held?.spec, status: { phase: 'deleting' } }));
    await expect(store.put(volume(2))).rejects.toMatchObject({ name: 'StoreError', retryable: false });
    await expect(store.put(volume(2))).rejects.toThrow('changed by somebody else');
    expect(await api.get('GlusterVolume', id)).toMatchObject({ status: { phase: 'deleting' } });
  });

  it('refuse to remove a record that somebody else has changed', async () => {
    await store.put(volume(1));
    api.byHand('GlusterVolume', id, () => ({ spec: { other: true } }));
    await expect(store.remove('volume', id)).rejects.toThrow('changed by somebody else');
  });

  it('refuse to remove a volume that is in another phase by now', async () => {
    await store.put(volume(1));
    api.byHand('GlusterVolume', id, (held) => ({ spec: held?.spec, status: { phase: 'growing' } }));
    await expect(store.remove('volume', id)).rejects.toThrow('changed by somebody else');
  });

  it('remove a record although somebody has touched what is no business of theirs', async () => {
    await store.put(volume(1));
    api.byHand('GlusterVolume', id, (held) => ({ spec: held?.spec, status: held?.status }));
    await store.remove('volume', id);
    expect(await api.get('GlusterVolume', id)).toBeUndefined();
  });

  it('refuse to bring back a record that somebody else has removed', async () => {
    await store.put(volume(1));
    api.byHand('GlusterVolume', id, () => undefined);
    await expect(store.put(volume(2))).rejects.toThrow('deleted by somebody else');
  });

  it('refuse a name that somebody else has taken', async () => {
    api.byHand('GlusterVolume', id, () => ({ spec: { other: true } }));
    await expect(store.put(volume(1))).rejects.toThrow('changed by somebody else');
  });

  it('let an engine that was replaced write nothing more', async () => {
    const lease = new FakeLease();
    const replaced = storeOn(api, lease);
    await replaced.open();
    await replaced.put(volume(1));
    lease.holder = undefined;
    const successor = storeOn(api, lease);
    await successor.open();
    await expect(replaced.put(records.document('volume', 'b', 1))).rejects.toMatchObject({ retryable: false });
    await expect(replaced.remove('volume', id)).rejects.toThrow('right to write');
    await expect(successor.put(volume(2))).resolves.toBeUndefined();
  });

  it('say that a try later may work when the API is out of reach', async () => {
    api.fate = () => 'unavailable';
    await expect(store.put(volume(1))).rejects.toMatchObject({ name: 'StoreError', retryable: true });
    await expect(storeOn(api).open()).rejects.toMatchObject({ name: 'StoreError', retryable: true });
  });
});

describe('answers that get lost', () => {
  it.each(['lost-before', 'lost-after', 'late'] as const)('%s: each write is done all the same', async (fate) => {
    const api = new FakeRecords();
    const store = storeOn(api);
    await store.open();
    const failOnce = (): void => {
      let failed = false;
      api.fate = ({ verb }) => {
        const now = !failed && verb !== 'get';
        failed ||= now;
        return now ? fate : 'normal';
      };
    };
    for (const version of [1, 2, 3]) {
      failOnce();
      await store.put(volume(version));
      failOnce();
      await store.put(node(version));
      failOnce();
      await store.put({ kind: 'meta', id: 'fact', body: version });
      api.settle();
    }
    await store.close();
    await expect(storeOn(api).open()).resolves.toEqual([{ kind: 'meta', id: 'fact', body: 3 }, node(3), volume(3)]);
    await store.open();
    failOnce();
    await store.remove('volume', id);
    failOnce();
    await store.remove('node', 'node-a');
    await store.close();
    await expect(store.open()).resolves.toHaveLength(1);
  });

  it('let a creation that comes after the removal of what it was to make be written over', async () => {
    const api = new FakeRecords();
    const store = storeOn(api);
    await store.open();
    const fates: Fate[] = ['late', 'normal', 'normal'];
    api.fate = () => fates.shift() ?? 'normal';
    await store.put(volume(1));
    await store.put(volume(2));
    await store.remove('volume', id);
    api.settle();
    expect((await api.get('GlusterVolume', id))?.spec).toBeDefined();
    await store.put(volume(3));
    await store.close();
    await expect(storeOn(api).open()).resolves.toEqual([volume(3)]);
  });

  it('leave nothing that a later write cannot put right, whatever is lost and whenever it arrives', async () => {
    const fate = fc.constantFrom<Fate>('normal', 'normal', 'lost-before', 'lost-after', 'late', 'unavailable');
    const step = fc.record({
      kind: fc.constantFrom('volume' as const, 'node' as const, 'meta' as const),
      version: fc.integer({ min: 0, max: 9 }),
      settle: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.infiniteStream(fate), async (steps, fates) => {
        const api = new FakeRecords();
        const store = storeOn(api);
        const errors: unknown[] = [];
        await store.open();
        for (const { kind, version, settle } of steps) {
          api.fate = () => (fates.next().value as Fate | undefined) ?? 'normal';
          const { id } = records.document(kind, 'a', 1);
          // Version 0: remove.
          const write = version === 0 ? store.remove(kind, id) : store.put(records.document(kind, 'a', version));
          await write.catch((error: unknown) => errors.push(error));
          if (settle) {
            api.settle();
          }
        }
        expect(errors.filter((error) => !(error instanceof StoreError) || !error.retryable)).toEqual([]);
        api.settle();
        api.fate = () => 'normal';
        const wanted = (['volume', 'node', 'meta'] as const).map((kind) => records.document(kind, 'a', 7));
        for (const document of wanted) {
          await store.put(document);
        }
        await store.close();
        const held = await storeOn(api).open();
        expect(held.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual(
          wanted.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
        );
      }),
      {
        numRuns: 500,
        // A creation that arrives after the object was made again and removed.
        examples: [
          [
            [
              { kind: 'node', version: 1, settle: false },
              { kind: 'volume', version: 1, settle: false },
              { kind: 'volume', version: 0, settle: false },
              { kind: 'volume', version: 0, settle: false },
            ],
            fc.stream(
              (
                ['lost-after', 'unavailable', 'late', 'normal', 'normal', 'lost-after', 'lost-after'] as Fate[]
              ).values(),
            ),
          ],
        ],
      },
    );
  });
});

describe('nodes that people declare', () => {
  const spec = { cluster: 'c', zone: 'z', manage: 'm', storage: 's', devices: [{ name: '/dev/vdb' }] };
  let api: FakeRecords;
  let store: KubernetesStore;
  let news: string[];

  beforeEach(async () => {
    api = new FakeRecords();
    store = storeOn(api);
    await store.open();
    news = [];
    store.declarations.follow((name) => news.push(name));
  });

  const settled = (): Promise<unknown> => store.put(records.document('meta', 'turn', news.length));

  it('are told when somebody applies, changes or deletes one', async () => {
    api.byHand('GlusterNode', 'new', () => ({ spec }));
    await expect.poll(() => news).toEqual(['new']);
    expect(store.declarations.nodes()).toEqual([{ id: 'new', body: { ...spec, id: 'new' }, leaving: false }]);
    api.byHand('GlusterNode', 'new', () => ({ spec: { ...spec, zone: 'y' } }));
    await expect.poll(() => news).toEqual(['new', 'new']);
    await store.declarations.report('new', { accepted: true, reason: 'Prepared', message: 'well' });
    api.deleteByHand('GlusterNode', 'new');
    await expect.poll(() => news).toEqual(['new', 'new', 'new']);
    expect(store.declarations.nodes()).toMatchObject([{ id: 'new', leaving: true }]);
    await store.remove('node', 'new');
    expect(await api.get('GlusterNode', 'new')).toBeUndefined();
  });

  it('are not told of what the engine writes itself', async () => {
    await store.put(node(1));
    await store.put(node(2));
    await store.declarations.report('node-a', { accepted: false, reason: 'Waiting', message: 'for a peer' });
    await settled();
    expect(news).toEqual([]);
  });

  it('carry what became of them, and since when', async () => {
    api.byHand('GlusterNode', 'new', () => ({ spec }));
    await expect.poll(() => news).toEqual(['new']);
    const verdict = { accepted: false, reason: 'Waiting', message: 'for a peer' };
    await store.declarations.report('new', verdict);
    const calls = api.calls.length;
    await store.declarations.report('new', verdict);
    expect(api.calls.length).toBe(calls);
    await store.put({
      kind: 'node',
      id: 'new',
      body: { ...spec, id: 'new', devices: [{ name: '/dev/vdb', size: 9 }] },
    });
    expect((await api.get('GlusterNode', 'new'))?.status).toEqual({
      devices: [{ name: '/dev/vdb', size: 9 }],
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'Waiting',
          message: 'for a peer',
          lastTransitionTime: '1970-01-01T00:00:00.000Z',
        },
      ],
    });
  });

  it('say nothing about a node that has gone', async () => {
    await expect(
      store.declarations.report('never', { accepted: true, reason: 'Prepared', message: '' }),
    ).resolves.toBeUndefined();
  });

  const elsewhere = (): void => {
    api.byHand('GlusterNode', 'node-a', (held) => ({ spec: { ...(held?.spec as object), zone: 'elsewhere' } }));
  };

  it('are not written over by an engine that has not heard of the wish', async () => {
    await store.put(node(1));
    elsewhere();
    await expect(store.put(node(2))).rejects.toMatchObject({ name: 'StoreError' });
    await expect.poll(() => news).toEqual(['node-a']);
    await expect(store.put(node(2))).rejects.toMatchObject({ name: 'StoreError', retryable: true });
    expect((await api.get('GlusterNode', 'node-a'))?.spec).toMatchObject({ zone: 'elsewhere' });
  });

  it('keep a wish that the engine has not heard of while it records what it found', async () => {
    const before = nodeOf('node-a', 2);
    await store.put({ kind: 'node', id: 'node-a', body: before });
    elsewhere();
    await expect.poll(() => news).toEqual(['node-a']);
    const devices = before.devices.map((device) => ({ ...device, size: 77, wipe: false }));
    await store.put({ kind: 'node', id: 'node-a', body: { ...before, devices } });
    const object = await api.get('GlusterNode', 'node-a');
    expect(object?.spec).toMatchObject({ zone: 'elsewhere' });
    expect(object?.status).toMatchObject({ devices: devices.map(({ name }) => ({ name, size: 77 })) });
    // And now it has.
    await store.put({ kind: 'node', id: 'node-a', body: { ...before, devices, zone: 'elsewhere' } });
    await store.put({ kind: 'node', id: 'node-a', body: { ...before, devices, zone: 'back' } });
    expect((await api.get('GlusterNode', 'node-a'))?.spec).toMatchObject({ zone: 'back' });
  });
});

it('reads volumes by the thousand', async () => {
  const api = new FakeRecords();
  for (let index = 0; index < 1000; index += 1) {
    const { id: _id, phase, ...spec } = volumeOf(String(index), 1);
    api.byHand('GlusterVolume', volumeIdOf(String(index)), () => ({ spec, status: { phase } }));
  }
  await expect(storeOn(api).open()).resolves.toHaveLength(1000);
});

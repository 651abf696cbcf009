import { describe, expect, it } from 'vitest';
import { brickId, clusterId, hostName, nodeId } from '../../../../src/domain/names.ts';
import { bytes, GiB } from '../../../../src/domain/quantity.ts';
import type { BrickRecord, VolumeRecord } from '../../../../src/domain/volume.ts';
import type { Finding } from '../../../../src/engine/doctor/api.ts';
import { diagnose } from '../../../../src/engine/doctor/describe.ts';
import { identityOptions } from '../../../../src/engine/identity.ts';
import {
  asBefore,
  benchOf,
  device,
  forever,
  idOf,
  requestOf,
  restart,
  silence,
  turning,
  valueOf,
  type Bench,
} from '../bench.ts';

/** A bench with so many volumes that are ready. */
async function benchWith(volumes: number, options: Parameters<typeof benchOf>[0] = {}): Promise<Bench> {
  const bench = await benchOf(options);
  for (let index = 1; index <= volumes; index += 1) {
    valueOf(await bench.engine.ensureVolume(requestOf(index, { gidRange: { min: 2000, max: 3000 } }), forever));
    valueOf(await bench.engine.confirmVolume(idOf(index)));
  }
  return bench;
}

async function findingsOf({ engine, clock }: Bench): Promise<readonly Finding[]> {
  return valueOf(await turning(clock, engine.doctor.survey({ signal: forever }))).findings;
}

function record({ engine }: Bench, index = 1): VolumeRecord {
  const found = engine.volume(idOf(index));
  if (found === undefined) {
    throw new Error(`no volume ${index}`);
  }
  return found;
}

function firstBrick(bench: Bench): BrickRecord {
  const [brick] = record(bench).brickSets.flat();
  if (brick === undefined) {
    throw new Error('no brick');
  }
  return brick;
}

/** Changes a volume's document in the store, and starts anew on it. */
async function withDocument(bench: Bench, index: number, change: (text: string) => string): Promise<Bench> {
  const key = JSON.stringify(['volume', idOf(index)]);
  const document = bench.disk.documents.get(key);
  if (document === undefined) {
    throw new Error(`no document ${key}`);
  }
  bench.disk.documents.set(key, { ...document, text: change(document.text) });
  return restart(bench);
}

describe('a survey', () => {
  it('finds nothing where everything agrees, changes nothing, and says how far it is', async () => {
    const bench = await benchWith(3);
    bench.storage.log.length = 0;
    const progress: string[] = [];
    const surveyed = await turning(
      bench.clock,
      bench.engine.doctor.survey({
        signal: forever,
        onProgress: ({ looked, total }) => void progress.push(`${looked}/${total}`),
      }),
    );
    expect(valueOf(surveyed)).toEqual({ findings: [], looked: { volumes: 3, devices: 3, records: 3 } });
    expect(progress.at(-1)).toBe('6/6');
    const verbs = new Set(bench.storage.log.map((line) => line.split(' ')[0]));
    expect(verbs).toEqual(
      new Set(['inspectDevice', 'listBricks', 'listVolumes', 'volumeInfo', 'volumeStatus', 'healSummary']),
    );
  });

  it('asks gluster about at most two volumes of a cluster at once', async () => {
    let now = 0;
    let most = 0;
    const bench = await benchWith(8);
    const port = bench.storage.port();
    const watched = await restart({
      ...bench,
      storage: Object.assign(Object.create(bench.storage) as typeof bench.storage, {
        port: () => ({
          ...port,
          volumeInfo: async (...args: Parameters<typeof port.volumeInfo>) => {
            now += 1;
            most = Math.max(most, now);
            const answer = await port.volumeInfo(...args);
            now -= 1;
            return answer;
          },
        }),
      }),
    });
    expect(await findingsOf(watched)).toEqual([]);
    expect(most).toBe(2);
  });

  it('finds a volume that gluster has lost', async () => {
    const bench = await benchWith(2);
    bench.storage.removeVolume(record(bench).name);
    expect(await findingsOf(bench)).toEqual([
      { kind: 'volume-missing', cluster: 'east', id: idOf(1), name: record(bench).name },
    ]);
  });

  it('finds a volume that stopped, and one whose options were changed', async () => {
    const bench = await benchWith(1);
    const { name } = record(bench);
    asBefore(bench, record(bench));
    bench.storage.tamperVolume(name, { status: 'stopped', options: { 'user.brickyard.size': '5' } });
    expect(await findingsOf(bench)).toEqual([
      { kind: 'volume-stopped', cluster: 'east', id: idOf(1), name, status: 'stopped' },
      {
        kind: 'options-differ',
        cluster: 'east',
        id: idOf(1),
        name,
        options: [{ key: 'user.brickyard.size', wanted: String(record(bench).size), found: '5' }],
      },
    ]);
  });

  it('finds a volume that does not say any more what it is, and names the options that mend that', async () => {
    const bench = await benchWith(3);
    const [first, second, third] = [record(bench, 1), record(bench, 2), record(bench, 3)];
    silence(bench, first);
    // One brick is enough, as long as no other one contradicts it.
    const [one, two] = second.brickSets.flat();
    const [alone] = third.brickSets.flat();
    if (one === undefined || two === undefined || alone === undefined) {
      throw new Error('no bricks');
    }
    silence(bench, third, [alone.id]);
    const text = String(bench.storage.saidBy(two.node, two.id));
    bench.storage.tamperBrickState(two.node, two.id, { identity: text.replace('class=fast', 'class=slow') });
    const found = await findingsOf(bench);
    const wanted = (of: VolumeRecord) => identityOptions(of).map(({ key, value }) => ({ key, wanted: value }));
    expect(found).toEqual([
      { kind: 'options-differ', cluster: 'east', id: first.id, name: first.name, options: wanted(first) },
      { kind: 'options-differ', cluster: 'east', id: second.id, name: second.name, options: wanted(second) },
    ]);
    for (const each of [first, second]) {
      const options = Object.fromEntries(identityOptions(each).map(({ key, value }) => [key, value]));
      bench.storage.tamperVolume(each.name, { options });
    }
    expect(await findingsOf(bench)).toEqual([]);
  });

  it('does not miss an identity that may stand on a brick of a node that is down', async () => {
    const bench = await benchWith(1);
    const [brick] = record(bench).brickSets.flat();
    if (brick === undefined) {
      throw new Error('no brick');
    }
    silence(bench, record(bench), [brick.id]);
    bench.storage.setUp(brick.node, false);
    const kinds = (await findingsOf(bench)).map(({ kind }) => kind);
    expect(kinds).toContain('node-unreachable');
    expect(kinds).not.toContain('options-differ');
  });

  it('finds bricks that somebody replaced, and bricks that changed their places', async () => {
    const bench = await benchWith(2);
    const [first, second] = [record(bench, 1), record(bench, 2)];
    const bricksOf = (name: string) => bench.storage.volumes().find((volume) => volume.name === name)?.bricks ?? [];
    const [a, b, c] = bricksOf(first.name);
    if (a === undefined || b === undefined || c === undefined) {
      throw new Error('no bricks');
    }
    const stranger = { host: hostName('10.0.0.9'), path: '/data/brick', arbiter: false };
    bench.storage.tamperVolume(first.name, { bricks: [a, b, stranger] });
    bench.storage.tamperVolume(second.name, { bricks: bricksOf(second.name).toReversed() });
    const found = (await findingsOf(bench)).filter(({ kind }) => kind === 'bricks-differ');
    expect(found).toMatchObject([
      { name: first.name, added: ['10.0.0.9:/data/brick'], gone: [`${c.host}:${c.path}`] },
      { name: second.name, added: [], gone: [] },
    ]);
  });

  it('finds a volume without record: ours, ours without identity, and somebody else’s', async () => {
    const bench = await benchWith(3);
    const [first, second] = [record(bench, 1), record(bench, 2)];
    silence(bench, second);
    const path = { host: hostName('10.0.0.1'), path: '/data/brick', arbiter: false };
    bench.storage.addForeignVolume('n1', 'byhand', { kind: 'distribute' }, [path]);
    for (const { id } of [first, second]) {
      bench.disk.documents.delete(JSON.stringify(['volume', id]));
    }
    const found = await findingsOf(await restart(bench));
    const { owner, size } = first;
    expect(found).toEqual([
      { kind: 'volume-orphaned', cluster: 'east', name: first.name, id: first.id, size, owner },
      { kind: 'volume-unidentified', cluster: 'east', name: second.name },
      { kind: 'volume-foreign', cluster: 'east', name: 'byhand' },
      // Their GIDs and bricks are nobody's now; the bricks are served, so they are no leftovers. Their space is not free.
    ]);
  });

  it('finds a brick that is missing, one of another size, and one that no record names', async () => {
    const bench = await benchWith(2);
    const brick = firstBrick(bench);
    const [other] = record(bench, 2).brickSets.flat();
    if (other === undefined) {
      throw new Error('no brick');
    }
    bench.storage.tamperBrick(brick.node, brick.id, undefined);
    const spec = { volume: idOf(9), device, size: other.size, snapshotFactor: 1, arbiter: false };
    bench.storage.tamperBrick(other.node, other.id, { ...spec, id: other.id, size: bytes(2 * GiB) });
    const stray = brickId(`${idOf(9)}-0-0-0`);
    bench.storage.tamperBrick('n2', stray, { ...spec, id: stray });
    const found = await findingsOf(bench);
    expect(found).toHaveLength(5);
    expect(found).toEqual(
      expect.arrayContaining([
        // Neither is served: the one is not there, the other is a new one.
        expect.objectContaining({ kind: 'bricks-offline', name: record(bench).name }),
        expect.objectContaining({ kind: 'bricks-offline', name: record(bench, 2).name }),
        expect.objectContaining({
          kind: 'brick-missing',
          node: brick.node,
          brick: brick.id,
          volume: record(bench).name,
        }),
        expect.objectContaining({
          kind: 'brick-size-differs',
          brick: other.id,
          recorded: other.size,
          found: bytes(2 * GiB),
        }),
        expect.objectContaining({
          kind: 'brick-leftover',
          node: 'n2',
          brick: stray,
          volumeId: idOf(9),
          volumeInGluster: 'absent',
        }),
      ]),
    );
  });

  it('finds a device of another size, and space that somebody else holds', async () => {
    const bench = await benchWith(1);
    bench.storage.tamperDevice('n1', device, { size: 90 * GiB });
    bench.storage.tamperDevice('n2', device, { taken: 7 * GiB });
    expect(await findingsOf(bench)).toEqual([
      { kind: 'device-size-differs', cluster: 'east', node: 'n1', device, recorded: 100 * GiB, found: 90 * GiB },
      { kind: 'device-space-held', cluster: 'east', node: 'n2', device, held: 7 * GiB },
    ]);
  });

  it('says what it could not see, and reports nothing of it as missing', async () => {
    const bench = await benchWith(2);
    bench.storage.setUp('n3', false);
    const found = await findingsOf(bench);
    expect(found.filter(({ kind }) => kind !== 'bricks-offline')).toMatchObject([
      { kind: 'node-unreachable', cluster: 'east', node: 'n3', bricks: 2 },
    ]);
    for (const node of ['n1', 'n2']) {
      bench.storage.setUp(node, false);
    }
    await bench.clock.advance(60_000);
    const blind = await findingsOf(bench);
    expect(blind.map(({ kind }) => kind)).toEqual([
      'cluster-unreachable',
      'node-unreachable',
      'node-unreachable',
      'node-unreachable',
    ]);
  });

  it('finds bricks that are not served, and says whether anybody can use the volume', async () => {
    const bench = await benchWith(2);
    const [first, second] = record(bench).brickSets.flat();
    if (first === undefined || second === undefined) {
      throw new Error('no bricks');
    }
    bench.storage.tamperBrickState(first.node, first.id, { online: false });
    const [address] = bench.engine.locate(record(bench))?.bricks ?? [];
    const named = { cluster: 'east', id: idOf(1), name: record(bench).name };
    expect(await findingsOf(bench)).toEqual([
      { ...named, kind: 'bricks-offline', bricks: [address], outOfReach: false },
    ]);
    bench.storage.tamperBrickState(second.node, second.id, { online: false });
    // One copy of three is no majority: clients neither read nor write.
    const [worse] = await findingsOf(bench);
    expect(worse).toMatchObject({ kind: 'bricks-offline', outOfReach: true });
    expect(worse === undefined ? undefined : diagnose(worse)).toMatchObject({
      severity: 'error',
      remedy: expect.stringContaining(`gluster volume start ${named.name} force`) as string,
    });
  });

  it('tells files that wait to be healed from those that somebody has to decide about', async () => {
    const bench = await benchWith(1);
    const brick = firstBrick(bench);
    const [address] = bench.engine.locate(record(bench))?.bricks ?? [];
    bench.storage.tamperBrickState(brick.node, brick.id, { pending: 7 });
    expect(await findingsOf(bench)).toMatchObject([{ kind: 'heal-pending', bricks: [{ brick: address, entries: 7 }] }]);
    bench.storage.tamperBrickState(brick.node, brick.id, { pending: 7, splitBrain: 2 });
    const found = await findingsOf(bench);
    expect(found).toMatchObject([
      { kind: 'split-brain', bricks: [{ brick: address, entries: 2 }] },
      { kind: 'heal-pending', bricks: [{ brick: address, entries: 5 }] },
    ]);
    expect(found.map((finding) => diagnose(finding).severity)).toEqual(['error', 'warning']);
  });

  it('says that it does not know where gluster does not say how bricks are', async () => {
    const bench = await benchWith(1);
    const mute = await restart(bench, ({ verb }) => (verb === 'healSummary' ? 'lost-before' : 'normal'));
    expect(await findingsOf(mute)).toMatchObject([{ kind: 'bricks-unseen', reason: 'healSummary on n1: no answer' }]);
  });

  it('does not say that a brick is a leftover of no volume when gluster could not be asked', async () => {
    const bench = await benchWith(1);
    const stray = brickId(`${idOf(9)}-0-0-0`);
    const { size } = firstBrick(bench);
    bench.storage.tamperBrick('n2', stray, {
      id: stray,
      volume: idOf(9),
      device,
      size,
      snapshotFactor: 1,
      arbiter: false,
    });
    const silentGluster = await restart(bench, ({ verb }) => (verb === 'volumeInfo' ? 'fail' : 'normal'));
    const found = await findingsOf(silentGluster);
    expect(found.map(({ kind }) => kind)).toEqual(['volume-unreadable', 'brick-leftover']);
    expect(found[1]).toMatchObject({ brick: stray, volumeInGluster: 'unknown' });
  });

  it('names a device that its node does not show, with what is recorded on it', async () => {
    const bench = await benchWith(1);
    const blindDevice = await restart(bench, ({ verb, node }) =>
      verb === 'inspectDevice' && node === 'n1' ? 'fail' : 'normal',
    );
    expect(await findingsOf(blindDevice)).toMatchObject([{ kind: 'device-unreadable', node: 'n1', device, bricks: 1 }]);
  });

  it('shows a record that cannot be read, and leaves its volume and bricks out of every other finding', async () => {
    const bench = await withDocument(await benchWith(2), 1, (text) =>
      text.replace('"phase":"ready"', '"phase":"lost"'),
    );
    expect(bench.engine.volumes()).toHaveLength(1);
    expect(await findingsOf(bench)).toMatchObject([{ kind: 'quarantined', document: 'volume', id: idOf(1) }]);
    const brickless = await withDocument(bench, 1, () => '{"id": 7');
    expect(await findingsOf(brickless)).toMatchObject([{ kind: 'quarantined', document: 'volume', id: idOf(1) }]);
  });

  it('finds a GID that two volumes have', async () => {
    const bench = await withDocument(await benchWith(2), 2, (text) => text.replace('"gid":2001', '"gid":2000'));
    const shared = (await findingsOf(bench)).find(({ kind }) => kind === 'gid-shared');
    expect(shared).toMatchObject({ gid: 2000, volumes: [{ id: idOf(1) }, { id: idOf(2) }] });
  });

  it('finds a node that records name and the topology does not have', async () => {
    const bench = await benchWith(1);
    bench.disk.documents.delete(JSON.stringify(['node', 'n2']));
    const found = await findingsOf(await restart(bench));
    expect(found).toContainEqual({ kind: 'node-unknown', cluster: clusterId('east'), node: nodeId('n2'), bricks: 1 });
  });

  it('says what is not finished and since when, and expects nothing of it', async () => {
    const bench = await benchWith(1);
    valueOf(await bench.engine.ensureVolume(requestOf(5), forever));
    bench.storage.setUp('n3', false);
    await bench.clock.advance(5000);
    const deleting = bench.engine.deleteVolume(idOf(1), forever);
    await turning(bench.clock, deleting);
    const found = (await findingsOf(bench)).filter(({ kind }) => kind === 'volume-unfinished');
    expect(found).toMatchObject([
      { id: idOf(1), phase: 'deleting', since: expect.stringMatching(/^\d{4}-/) as string },
      { id: idOf(5), phase: 'creating', since: record(bench, 5).createdAt },
    ]);
    expect((await findingsOf(bench)).map(({ kind }) => kind)).not.toContain('volume-missing');
  });

  it('takes bricks of a growth for what they are', async () => {
    const bench = await benchWith(1);
    const broken = await restart(bench, ({ verb, node }) =>
      verb === 'growBrick' && node === 'n2' ? 'fail' : 'normal',
    );
    const growing = broken.engine.growVolume(idOf(1), bytes(4 * GiB), forever);
    await turning(bench.clock, growing);
    expect((await findingsOf(broken)).map(({ kind }) => kind)).toEqual(['volume-unfinished']);
    const mended = await restart(broken);
    valueOf(await turning(bench.clock, mended.engine.growVolume(idOf(1), bytes(4 * GiB), forever)));
    expect(await findingsOf(mended)).toEqual([]);
  });

  it('reports nothing about what comes and goes while it looks', async () => {
    const bench = await benchWith(4);
    const surveying = bench.engine.doctor.survey({ signal: forever });
    const deleting = bench.engine.deleteVolume(idOf(2), forever);
    const making = bench.engine.ensureVolume(requestOf(7), forever);
    await turning(bench.clock, Promise.all([deleting, making]));
    const { findings } = valueOf(await turning(bench.clock, surveying));
    expect(findings.filter(({ kind }) => kind !== 'volume-unfinished')).toEqual([]);
  });

  it('ends when it is told to, and when the engine closes', async () => {
    const bench = await benchOf({ judge: ({ verb }) => (verb === 'listVolumes' ? 'hang' : 'normal') });
    const abort = new AbortController();
    const first = bench.engine.doctor.survey({ signal: abort.signal });
    await bench.clock.advance(0);
    abort.abort('enough');
    expect(await turning(bench.clock, first)).toMatchObject({ kind: 'waiting' });
    await turning(bench.clock, bench.engine.close());
    expect(await bench.engine.doctor.survey({ signal: forever })).toMatchObject({ kind: 'waiting' });
  });
});

describe('every finding', () => {
  it('says what it means and what to do', async () => {
    const bench = await benchWith(3);
    bench.storage.removeVolume(record(bench, 1).name);
    asBefore(bench, record(bench, 2));
    bench.storage.tamperVolume(record(bench, 2).name, {
      status: 'stopped',
      options: { 'user.brickyard.gid': undefined },
    });
    const diagnoses = (await findingsOf(bench)).map(diagnose);
    expect(diagnoses).toMatchObject([
      { severity: 'error', subject: { kind: 'volume', name: record(bench, 1).name } },
      { severity: 'error', remedy: `gluster volume start ${record(bench, 2).name}` },
      { severity: 'warning', remedy: `gluster volume set ${record(bench, 2).name} user.brickyard.gid 2001` },
    ]);
  });
});

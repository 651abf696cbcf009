import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localAdmin } from '../../../src/api/local-admin.ts';
import { startAdminServer } from '../../../src/api/server.ts';
import type { Durability } from '../../../src/domain/durability.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { volumeId, volumeName, volumeNameFor, type VolumeId } from '../../../src/domain/names.ts';
import { brickFootprint } from '../../../src/domain/placement/footprint.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import type { StoredDocument } from '../../../src/engine/ports.ts';
import * as files from '../../../src/gluster/argv/files.ts';
import * as lvm from '../../../src/gluster/bricks/lvm-thin/argv.ts';
import { volumeGroupOf, type BrickPlace } from '../../../src/gluster/bricks/lvm-thin/names.ts';
import type { Command } from '../../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';
import { SqliteStore } from '../../../src/store/sqlite.ts';
import { startStorage, type TestStorage } from '../../support/storage.ts';
import { realClock, startTestApi } from '../../support/test-api.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const forever = new AbortController().signal;

const durabilities: readonly Durability[] = [
  { kind: 'replicate', count: 3 },
  { kind: 'arbiter' },
  { kind: 'disperse', data: 4, redundancy: 2 },
  { kind: 'replicate', count: 2 },
  { kind: 'distribute' },
];

const idOf = (index: number): VolumeId => volumeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
const nameOf = (index: number): string => volumeNameFor(idOf(index));

describe('brickyard doctor', () => {
  let folder: string;
  let kube: KubeSandbox;
  let storage: TestStorage;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brickyard-doctor-'));
    kube = await startTestApi();
    storage = await startStorage(folder);
    await writeFile(join(folder, 'kubeconfig'), kube.kubeconfig, { mode: 0o600 });
    await writeFile(join(folder, 'topology.json'), JSON.stringify(storage.topology));
  });
  afterEach(async () => {
    await kube.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  });

  const statePath = (): string => join(folder, 'state.db');
  const socket = (): string => join(folder, 'admin.sock');

  /** The real command in a process of its own. */
  async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const place = [
      ['--state-dir', folder],
      ['--kubeconfig', join(folder, 'kubeconfig')],
      ['--nodes-kind', 'simulated'],
      ['--nodes-url', storage.url],
      ['--nodes-token-file', storage.tokenFile],
    ].flat();
    const child = spawn(process.execPath, [main, ...words, ...place], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }

  async function documents(): Promise<readonly StoredDocument[]> {
    const store = new SqliteStore({ path: statePath() });
    const found = await store.open();
    await store.close();
    return found;
  }
  const records = async (): Promise<readonly StoredDocument[]> =>
    (await documents()).filter(({ kind }) => kind === 'volume');

  async function withEngine<T>(work: (engine: VolumeEngine) => Promise<T>): Promise<T> {
    const meta = (await documents()).find(({ kind }) => kind === 'meta')?.body as { realm: string };
    const engine = createEngine({
      store: new SqliteStore({ path: statePath() }),
      nodes: createCommandStorageNodes({ runner: storage.simulation.runner }),
      clock: realClock,
      random: () => 0.5,
      log: silentLog,
      observer: { stepFinished: () => undefined, laneChanged: () => undefined },
    });
    await engine.open(meta.realm);
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  }

  /** Loads the topology with the real command, and makes volumes of every durability. */
  async function populate(count: number): Promise<void> {
    expect(await run('topology', 'load', join(folder, 'topology.json'), '--yes')).toMatchObject({ code: 0 });
    await withEngine(async (engine) => {
      for (let index = 1; index <= count; index += 1) {
        const id = idOf(index);
        const ensured = await engine.ensureVolume(
          {
            id,
            name: volumeNameFor(id),
            clusters: [],
            size: bytes(index * GiB + 4096),
            durability: durabilities[index % durabilities.length] ?? { kind: 'distribute' },
            options: index % 2 === 0 ? [] : [{ key: 'performance.cache-size', value: '64MB' }],
            ...(index % 3 === 0 ? {} : { gidRange: { min: 2000, max: 4000 } }),
            snapshotFactor: 1 + (index % 4) / 2,
            zoneSpread: 'prefer',
            owner: { uid: id, namespace: 'default', name: `claim-${index}`, className: 'brickyard' },
            preferredZones: [],
          },
          forever,
        );
        expect(ensured).toMatchObject({ kind: 'done' });
        expect(await engine.confirmVolume(id)).toMatchObject({ kind: 'done' });
      }
    });
  }

  const loseState = async (): Promise<void> => {
    for (const ending of ['', '-wal', '-shm']) {
      await rm(`${statePath()}${ending}`, { force: true });
    }
  };

  const shell = (node: number, command: Command): Promise<unknown> => {
    const spec = storage.nodes[node];
    if (spec === undefined) {
      throw new Error(`no node ${node}`);
    }
    return storage.simulation.runner.run(spec, command, { signal: forever });
  };

  it('gives back the identical records after the state file is lost, on nodes that speak LVM and gluster', async () => {
    await populate(15);
    expect(await run('doctor')).toMatchObject({ code: 0, out: expect.stringContaining('they agree') as string });
    const before = await records();
    const onNodes = { volumes: storage.volumes(), bricks: storage.bricks() };
    await loseState();

    const topology = ['--topology', join(folder, 'topology.json')];
    const rebuilt = await run('doctor', '--rebuild', ...topology, '--yes');
    expect(rebuilt).toMatchObject({ code: 0, out: expect.stringContaining('15 record(s) written') as string });
    expect(await records()).toEqual(before);
    expect({ volumes: storage.volumes(), bricks: storage.bricks() }).toEqual(onNodes);
    expect(await run('doctor')).toMatchObject({ code: 0 });
    const again = await run('doctor', '--rebuild', '--yes');
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('15 stood already') as string });
  });

  it('shows a record that cannot be read, works on with the others, and gets it back from gluster', async () => {
    await populate(3);
    const before = await records();
    const database = new DatabaseSync(statePath());
    database.prepare("UPDATE document SET body = '{\"id\": 7' WHERE kind = 'volume' AND id = ?").run(idOf(2));
    database.close();

    const list = await run('volume', 'list');
    expect(list).toMatchObject({ code: 0 });
    expect(list.out).toContain('claim-1');
    expect(list.out).toContain('claim-3');
    expect((await run('topology')).out).toContain(`volume ${idOf(2)}: not JSON`);
    const survey = await run('doctor');
    expect(survey).toMatchObject({ code: 1 });
    expect(survey.out).toContain('quarantined');
    expect(survey.out).not.toContain('volume-orphaned');
    expect(survey.out).not.toContain('brick-leftover');

    expect(await run('volume', 'forget', idOf(2), '--yes')).toMatchObject({ code: 1 });
    expect(await run('volume', 'forget', idOf(2), '--yes-leave-it')).toMatchObject({ code: 0 });
    expect(await run('doctor', '--rebuild', '--yes')).toMatchObject({ code: 0 });
    expect(await records()).toEqual(before);
    expect(await run('doctor')).toMatchObject({ code: 0 });
  });

  it('says what a volume that was removed by hand has left, and forgets it', async () => {
    await populate(2);
    const nodes = createCommandStorageNodes({ runner: storage.simulation.runner });
    const [via] = storage.nodes;
    if (via === undefined) {
      throw new Error('no node');
    }
    const name = volumeName(nameOf(1));
    await nodes.stopVolume(via, name, { signal: forever });
    await nodes.deleteVolume(via, name, { signal: forever });
    const survey = await run('doctor', '-o', 'json');
    expect(survey.code).toBe(1);
    const { findings } = JSON.parse(survey.out) as { findings: { finding: { kind: string; name: string } }[] };
    expect(findings.map(({ finding }) => [finding.kind, finding.name])).toEqual([['volume-missing', name]]);

    const asked = await run('volume', 'forget', 'default/claim-1');
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('gluster has no such volume') as string });
    expect(await run('volume', 'forget', 'default/claim-1', '--yes')).toMatchObject({ code: 0 });
    const after = await run('doctor');
    expect(after.code).toBe(1);
    expect(after.out).toContain('brick-leftover');
    expect(after.out).toContain('lvremove @brickyard.brick=');
    expect(after.out).not.toContain('volume-missing');
  });

  it('adopts a volume that somebody made by hand, by the running server', async () => {
    await populate(1);
    const command = async (): Promise<void> => {
      const nodes = createCommandStorageNodes({ runner: storage.simulation.runner });
      const addresses = [];
      for (const [index, spec] of storage.nodes.slice(0, 3).entries()) {
        const [device] = spec.devices;
        if (device === undefined) {
          throw new Error('no device');
        }
        const group = volumeGroupOf(spec.id, device.name);
        const mountpoint = '/data/hand';
        const place: BrickPlace = {
          group,
          pool: 'tp_hand',
          volume: 'hand',
          device: `/dev/mapper/${group}-hand`,
          mountpoint,
          path: `${mountpoint}/brick`,
        };
        const size = bytes(5 * GiB);
        await shell(index, lvm.lvCreateBrick(place, size, brickFootprint({ size, snapshotFactor: 1 }), []));
        await shell(index, files.makeXfs(place.device, { arbiter: false }));
        await shell(index, files.makeDirectory(mountpoint));
        await shell(index, files.mountXfs(place.device, mountpoint));
        addresses.push({ host: spec.storage, path: place.path, arbiter: false });
      }
      const [via] = storage.nodes;
      if (via === undefined) {
        throw new Error('no node');
      }
      const spec = {
        name: volumeName('byhand'),
        durability: durabilities[0] ?? { kind: 'arbiter' },
        bricks: addresses,
      };
      expect(await nodes.createVolume(via, spec, { signal: forever })).toMatchObject({ kind: 'done' });
      expect(await nodes.startVolume(via, spec.name, { signal: forever })).toMatchObject({ kind: 'done' });
    };
    await command();
    expect(storage.simulation.inspect().notUnderstood).toEqual([]);

    await withEngine(async (engine) => {
      const admin = localAdmin({ version: '1', role: () => 'leader', engine: () => engine });
      const server = await startAdminServer(socket(), admin);
      try {
        const survey = await run('doctor');
        expect(survey.out).toContain('volume-foreign');
        // Its space is not ours, and placement must not be surprised by it.
        expect(survey.out).toContain('device-space-held');
        expect(survey.err).not.toContain('No server runs');
        expect(await run('volume', 'adopt', nameOf(1), '--yes')).toMatchObject({ code: 1 });
        expect(await run('volume', 'adopt', 'byhand', '--yes')).toMatchObject({ code: 0 });
        expect((await run('volume', 'list')).out).toMatch(/unknown +byhand +ready +unknown +replicate 3/);
        expect((await run('volume', 'info', 'byhand')).out).toContain('external');
        expect((await run('doctor')).out).not.toContain('volume-foreign');
      } finally {
        await server.close();
      }
    });
    expect(storage.volumes()).toHaveLength(2);
  });

  it('refuses flags that mean nothing without --rebuild', async () => {
    expect(await run('doctor', '--yes')).toMatchObject({ code: 2 });
    expect(await run('doctor', '--rebuild', '--dry-run', '--topology', 'x')).toMatchObject({ code: 2 });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LegacyView } from '../../../src/cli/legacy/view.ts';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';
import { loadTopology, startBrickyard, type BrickyardOptions } from '../../support/brickyard-process.ts';
import { makeForeignVolume } from '../../support/foreign-volume.ts';
import { heketiVolume, inTreeEndpoints, inTreeVolume, legacyUid } from '../../support/legacy-objects.ts';
import { startStorage, type TestStorage } from '../../support/storage.ts';
import { startTestApi } from '../../support/test-api.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

describe('brickyard legacy list', () => {
  let folder: string;
  let kube: KubeSandbox;
  let storage: TestStorage;
  let options: BrickyardOptions;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brickyard-legacy-'));
    kube = await startTestApi();
    storage = await startStorage(folder, { nodes: 3, devices: 1 });
    const kubeconfigPath = join(folder, 'kubeconfig');
    await writeFile(kubeconfigPath, kube.kubeconfig, { mode: 0o600 });
    options = { directory: folder, kubeconfigPath, storage };
    for (const name of ['brickyard', 'team-a']) {
      kube.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
  });
  afterEach(async () => {
    await kube.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The real command in a process of its own. */
  async function list(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const place = ['--state-dir', join(folder, 'state'), '--kubeconfig', options.kubeconfigPath];
    const child = spawn(process.execPath, [main, 'legacy', 'list', ...words, ...place], {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }
  const views = async (): Promise<readonly LegacyView[]> => {
    const { code, out, err } = await list('-o', 'json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out) as readonly LegacyView[];
  };

  function populate(): void {
    const { spec, metadata } = inTreeVolume();
    const { annotations } = metadata;
    const objects = [
      { metadata: { name: metadata.name, annotations }, spec },
      {
        metadata: { name: 'by-hand' },
        spec: {
          ...spec,
          claimRef: undefined,
          persistentVolumeReclaimPolicy: 'Retain',
          glusterfs: { endpoints: 'servers', endpointsNamespace: 'team-a', path: 'media/films' },
        },
      },
      {
        metadata: { name: 'on-a-disk' },
        spec: { ...spec, claimRef: undefined, glusterfs: undefined, hostPath: { path: '/srv' } },
      },
    ];
    for (const object of objects) {
      kube.api.create(JSON.parse(JSON.stringify({ apiVersion: 'v1', kind: 'PersistentVolume', ...object })) as never);
    }
    kube.api.create(inTreeEndpoints(storage.nodes.map((node) => node.storage)));
  }

  it('says so when there is nothing of yesterday', async () => {
    expect(await list()).toMatchObject({
      code: 0,
      out: 'No PersistentVolume of kubernetes.io/glusterfs, of heketi or made by hand was found.\n',
    });
    expect(await views()).toEqual([]);
  });

  it('shows what Kubernetes knows when no server runs, and calls the rest unknown', async () => {
    populate();
    const found = await views();
    expect(found.map(({ persistentVolume, madeBy }) => [persistentVolume, madeBy])).toEqual([
      ['by-hand', 'hand'],
      [`pvc-${legacyUid}`, 'kubernetes.io/glusterfs'],
    ]);
    expect(found[1]).toMatchObject({
      claim: { namespace: 'team-a', name: 'data' },
      storageClass: 'gluster',
      size: 5 * 1024 ** 3,
      volume: heketiVolume,
      endpoints: { namespace: 'team-a', addresses: storage.nodes.map((node) => node.storage) },
      cluster: { kind: 'unknown' },
      gluster: { kind: 'unknown', reason: expect.stringContaining('no server listens on') as string },
      next: { step: 'ask-again' },
    });
    const { out } = await list();
    expect(out).toMatch(/PV +PHASE +CLAIM +CLASS +SIZE +GLUSTER VOLUME +ENDPOINTS +MADE BY +CLUSTER +IN GLUSTER +NEXT/);
    expect(out).toMatch(/Unknown for 2: no server listens on .*admin\.sock, so gluster could not be asked\./);
    expect(out).toContain('1 of them have reclaim policy Delete');
  });

  it('asks the running server for the rest, and follows what is done about it', async () => {
    populate();
    const server = await startBrickyard(options);
    try {
      await loadTopology(options);
      await makeForeignVolume(storage.simulation, storage.nodes, heketiVolume);
      const [hand, inTree] = await views();
      expect(hand).toMatchObject({
        volume: 'media',
        path: 'media/films',
        endpoints: { problem: 'there are no Endpoints team-a/servers, so no pod can mount it' },
        cluster: { kind: 'unknown' },
        next: { step: 'load-topology' },
      });
      expect(inTree).toMatchObject({
        cluster: { kind: 'told', by: 'endpoints' },
        gluster: { kind: 'present' },
        next: {
          step: 'adopt',
          commands: [expect.stringContaining('"Retain"'), expect.stringContaining('volume adopt')],
        },
      });

      const adopting = inTree?.next.commands.find((command) => command.includes('adopt')) ?? '';
      const words = adopting.replace('--dry-run', '--yes').split(' ').slice(1);
      const child = spawn(process.execPath, [main, ...words, '--state-dir', join(folder, 'state')], {
        env: {},
        stdio: 'ignore',
      });
      expect(await once(child, 'close')).toEqual([0, null]);
      const [, adopted] = await views();
      expect(adopted).toMatchObject({
        cluster: { kind: 'told', by: 'record' },
        gluster: { kind: 'present' },
        record: { adopted: true },
        next: { step: 'nothing' },
      });
      expect((await list()).out).toMatch(/kubernetes\.io\/glusterfs +default +yes +nothing/);
    } finally {
      await server.kill();
    }
  });

  it('says in one line when the API cannot be reached', async () => {
    await kube.close();
    const { code, err } = await list();
    expect(code).toBe(1);
    expect(err.trim().split('\n')).toEqual([
      expect.stringMatching(/^brickyard: the PersistentVolumes could not be read: /),
    ]);
  });
});

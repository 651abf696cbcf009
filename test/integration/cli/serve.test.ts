import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulation, type Simulation } from '../../../src/gluster/simulated/simulation.ts';
import { startKubeSandbox, type KubeSandbox } from '../../../src/sandbox/api/start.ts';
import { startNodesServer, type NodesServer } from '../../../src/sandbox/nodes/server.ts';
import { exposedMetrics } from '../../../src/cli/metrics/document.ts';
import { layoutDocument, simulatedNodes } from '../../../src/cli/sandbox/topology.ts';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { parseTopologyFile } from '../../../src/api/topology-file.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { waitFor } from '../../support/wait-for.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const layout = layoutDocument({ zones: 3, nodes: 1, devices: 1 });
const nodesToken = 'a-token-that-no-log-may-show';

interface Serving {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  log(): string;
  /** Answer of the ops server, which the log says where it is. */
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  is(role: string): Promise<unknown>;
}

describe('brickyard serve', () => {
  let folder: string;
  let kube: KubeSandbox;
  let simulation: Simulation;
  let storage: NodesServer;
  let running: Serving[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brickyard-serve-'));
    kube = await startKubeSandbox({ clock: systemClock, random: Math.random });
    kube.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'brickyard' } });
    const nodes = simulatedNodes(parseTopologyFile(layout), bytes(100 * GiB));
    simulation = createSimulation({ nodes, clock: systemClock, random: Math.random });
    storage = await startNodesServer({ simulation, token: nodesToken });
    await writeFile(join(folder, 'kubeconfig'), kube.kubeconfig, { mode: 0o600 });
    await writeFile(join(folder, 'token'), nodesToken, { mode: 0o600 });
    await writeFile(join(folder, 'topology.json'), JSON.stringify(layout));
  });
  afterEach(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGKILL');
      await ended;
    }
    running = [];
    await kube.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  });

  const settings = (stateDir: string): string[] =>
    [
      ['--kubeconfig', join(folder, 'kubeconfig')],
      ['--state-dir', join(folder, stateDir)],
      ['--nodes-kind', 'simulated'],
      ['--nodes-url', storage.url],
      ['--nodes-token-file', join(folder, 'token')],
    ].flat();

  function run(args: readonly string[]) {
    const child = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, ended: once(child, 'close').then(([code]) => code as number | null), log: () => output };
  }

  function serve(stateDir: string, ...flags: string[]): Serving {
    const process = run([
      'serve',
      ...settings(stateDir),
      '--ops-address',
      '127.0.0.1',
      '--ops-port',
      '0',
      '--log-format',
      'json',
      ...flags,
    ]);
    const ops = (): Promise<string> =>
      waitFor('the log names the ops server', () => /"url":"([^"]+)"/.exec(process.log())?.[1]);
    const get: Serving['get'] = async (path) => {
      const answer = await fetch(`${await ops()}${path}`);
      return { status: answer.status, body: await answer.text() };
    };
    const serving: Serving = {
      ...process,
      get,
      is: async (role) => {
        // Outside of the wait, which would take it for a look that is dear.
        await ops();
        return waitFor(`it is ${role}`, async () => {
          const { status, body } = await get('/readyz');
          return status === 200 && body.includes(`"role":"${role}"`);
        });
      },
    };
    running.push(serving);
    return serving;
  }

  async function command(stateDir: string, ...args: string[]): Promise<{ code: number | null; said: string }> {
    const { ended, log } = run([...args, ...settings(stateDir)]);
    return { code: await ended, said: log() };
  }

  function claim(name: string): void {
    kube.api.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: 'default' },
      spec: {
        storageClassName: 'brickyard',
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage: '1Gi' } },
      },
    });
  }

  const bound = (name: string): Promise<unknown> =>
    waitFor(`claim ${name} is bound`, () => {
      const found = kube.api.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name });
      return JSON.stringify(found['status']).includes('"phase":"Bound"');
    });

  function storageClass(): void {
    kube.api.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'brickyard' },
      provisioner: 'brickyard.dev/glusterfs',
    });
  }

  it('goes the whole way: topology, claim, volume, metrics, and 0 after SIGTERM', async () => {
    const serving = serve('one', '--log-level', 'debug');
    await serving.is('leader');
    const loaded = await command('one', 'topology', 'load', join(folder, 'topology.json'), '--yes');
    expect(loaded).toMatchObject({ code: 0 });
    expect(loaded.said).toContain('device /dev/vdb prepared: ok');
    storageClass();
    claim('data');
    await bound('data');

    const listed = await command('one', 'volume', 'list', '-o', 'json');
    const volumes = JSON.parse(listed.said) as { claim: { name: string }; phase: string; bricks: unknown[] }[];
    expect(volumes).toMatchObject([{ claim: { name: 'data' }, phase: 'ready' }]);
    expect(volumes[0]?.bricks).toHaveLength(3);

    const { body } = await serving.get('/metrics');
    expect(body).toContain('controller_persistentvolumeclaim_provision_total{class="brickyard",source=""} 1');
    expect(body).toMatch(/brickyard_step_duration_seconds_count\{step="create",outcome="done"\} 1/);
    expect(body).toMatch(/brickyard_volumes\{cluster="[^"]+",phase="ready"\} 1/);
    expect(body).toContain('brickyard_claims_waiting{reason="capacity"} 0');
    expect(body).toContain('brickyard_class_problems{class="brickyard"} 0');
    // What dashboard, alerts and docs/metrics.md are held to is what the process exposes.
    const exposed = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(exposed.toSorted()).toEqual((await exposedMetrics()).map(({ name, type }) => `${name} ${type}`).toSorted());
    expect(body).toMatch(/brickyard_cache_age_seconds\{resource="persistentvolumeclaims"\} \d/);
    expect(await serving.get('/healthz')).toEqual({ status: 200, body: 'ok\n' });

    serving.child.kill('SIGTERM');
    expect({ code: await serving.ended, log: serving.log() }).toMatchObject({ code: 0 });
    expect(serving.log()).toContain('"msg":"stopped"');
    for (const secret of [nodesToken, kube.token]) {
      expect(serving.log()).not.toContain(secret);
    }

    // Nobody serves any more: the same commands read the state file themselves, and say so.
    const offline = await command('one', 'volume', 'info', 'default/data');
    expect(offline).toMatchObject({ code: 0 });
    expect(offline.said).toMatch(/^No server runs on .*: working on .*state\.db directly\.$/m);
    expect(offline.said).toMatch(/^Phase: +ready$/m);
  });

  it('takes a topology before its first start, and carries on with its volumes after a kill', async () => {
    const loaded = await command('one', 'topology', 'load', join(folder, 'topology.json'), '--yes');
    expect(loaded).toMatchObject({ code: 0 });
    storageClass();
    claim('first');
    const killed = serve('one');
    await bound('first');
    killed.child.kill('SIGKILL');
    await killed.ended;
    claim('second');
    serve('one');
    await bound('second');
    expect(simulation.inspect().pools.flatMap((pool) => pool.volumes)).toHaveLength(2);
  });

  it('answers what would be, from the state file as from a server, and keeps new bricks off a node', async () => {
    await command('one', 'topology', 'load', join(folder, 'topology.json'), '--yes');
    const plan = ['volume', 'plan', '--size', '10Gi', '-o', 'json'];
    const offline = await command('one', ...plan);
    expect(offline).toMatchObject({ code: 0 });
    expect(offline.said).toContain('"kind": "placed"');
    const closed = await command('one', 'topology', 'set-state', 'node-a1', 'offline');
    expect(closed.said).toContain('node node-a1 is offline now (was online).');

    const serving = serve('one');
    await serving.is('leader');
    const refused = await command('one', 'volume', 'plan', '--size', '10Gi', '--explain');
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('would fit with node node-a1 online');
    expect(refused.said).toMatch(/^brickyard: it does not fit: /m);
    expect((await command('one', 'topology', 'set-state', 'node-a1', 'online')).code).toBe(0);
    storageClass();
    claim('data');
    await bound('data');
    const online = await command('one', ...plan);
    expect(online).toMatchObject({ code: 0 });
    expect(online.said).not.toContain('No server runs');
    const capacity = await command('one', 'capacity', '--replica', '2', '--without', 'node-a1');
    expect(capacity).toMatchObject({ code: 0 });
    expect(capacity.said).toContain('1 volume(s) degraded, 0 lost; 0 of 1 brick(s) find another place.');
    expect(capacity.said).toMatch(/^10 GiB, replicate 3 +9 +0 +0$/m);
  });

  it('has a standby that is ready, says who leads, and takes over when the leader stops', async () => {
    const leader = serve('one');
    await leader.is('leader');
    const standby = serve('two');
    await standby.is('standby');
    const asked = await command('two', 'volume', 'list');
    expect(asked.code).toBe(1);
    expect(asked.said).toContain('this replica is standby: only the one that leads has the state open');
    leader.child.kill('SIGTERM');
    expect({ code: await leader.ended, log: leader.log() }).toMatchObject({ code: 0 });
    await standby.is('leader');
  });

  it('ends with 1 when somebody takes the lease away', async () => {
    const flags = ['lease-duration', '3s', 'renew-deadline', '2s', 'retry-period', '250ms'];
    const serving = serve('one', ...flags.map((word, i) => (i % 2 === 0 ? `--leader-election-${word}` : word)));
    await serving.is('leader');
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'brickyard', name: 'brickyard' };
    await waitFor('the lease is lost', () => {
      // Again, in case a renewal came between.
      kube.api.patch(lease, { spec: { holderIdentity: 'somebody else', renewTime: '2026-01-01T00:00:00.000000Z' } });
      return serving.child.exitCode !== null;
    });
    expect(await serving.ended).toBe(1);
    expect(serving.log()).toContain('the lease is lost');
  });

  it('ends with 1 and says why when it cannot start', async () => {
    const serving = serve('one', '--kubeconfig', '/nonexistent');
    expect(await serving.ended).toBe(1);
    expect(serving.log()).toMatch(/"msg":"brickyard could not start"/);
    expect(serving.log()).toContain('/nonexistent');
  });

  it('refuses a state file that was written for another cluster', async () => {
    const serving = serve('one', '--leader-election-enabled', 'false');
    await serving.is('leader');
    serving.child.kill('SIGTERM');
    await serving.ended;
    const other = await startKubeSandbox({ clock: systemClock, random: Math.random });
    await writeFile(join(folder, 'kubeconfig'), other.kubeconfig);
    const strange = serve('one', '--leader-election-enabled', 'false');
    expect(await strange.ended).toBe(1);
    expect(strange.log()).toMatch(/the store belongs to the realm/);
    await other.close();
  });
});

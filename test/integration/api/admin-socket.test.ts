import { link, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create as createHttp } from 'axios';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Admin } from '../../../src/api/admin.ts';
import { AdminError } from '../../../src/api/admin-error.ts';
import type { GrowthProgressView } from '../../../src/api/growth.ts';
import { NoServerError, remoteAdmin } from '../../../src/api/remote-admin.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { startAdminServer, type AdminServer } from '../../../src/api/server.ts';
import type { CapacityView } from '../../../src/api/capacity.ts';
import type { StateView } from '../../../src/api/placement-state.ts';
import type { GlusterVolumesView, SurveyView } from '../../../src/api/recovery.ts';
import type { VolumeView } from '../../../src/api/views.ts';
import { newNodeQuery, nodeQuery, type NodeView } from '../../../src/api/nodes.ts';
import type { PlanView, ProgressView } from '../../../src/api/topology-plan.ts';
import type { VolumePlanView } from '../../../src/api/volume-plan.ts';
import { nodeId } from '../../../src/domain/names.ts';
import { usualShape } from '../../../src/domain/volume-shape.ts';

const volume: VolumeView = {
  id: '5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e',
  name: 'vol_5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e',
  cluster: 'main',
  phase: 'ready',
  size: 1024 ** 3,
  durability: 'replicate 3',
  options: [{ key: 'performance.cache-size', value: '64MB' }],
  claim: { namespace: 'default', name: 'data', uid: '5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e' },
  className: 'brickyard',
  createdAt: '2026-01-01T00:00:00.000Z',
  bricks: [{ set: 0, node: 'a', zone: '1', device: '/dev/vdb', size: 1024 ** 3, arbiter: false }],
};

const progress: ProgressView = {
  step: 'device',
  cluster: 'main',
  node: 'a',
  device: '/dev/vdb',
  outcome: { kind: 'done' },
};

const refusal: VolumePlanView = {
  kind: 'refused',
  permanent: false,
  reason: 'too small',
  refusals: [
    {
      cluster: 'main',
      shortfall: 'too small',
      attempts: [{ sets: 1, brickSize: 10, footprint: 12, needed: 3, found: 2 }],
      zones: [
        {
          zone: '1',
          nodes: [
            {
              node: 'a',
              bricks: 0,
              devices: [{ device: '/dev/vdb', size: 10, free: 10, bricks: 0, passedOver: 'node offline' }],
            },
          ],
        },
      ],
      wouldFit: ['node a online'],
    },
  ],
  explanation: ['cluster main', '  too small'],
};

const capacity: CapacityView = {
  clusters: [
    {
      id: 'main',
      volumes: 1,
      size: 10,
      used: 1,
      reserved: 0,
      free: 9,
      blocked: 0,
      blockedDevices: [],
      fits: [{ shape: '10 GiB, replicate 3', now: { volumes: 3, usable: 30, endedBy: 'space' } }],
    },
  ],
};

const glusterVolumes: GlusterVolumesView = {
  clusters: [
    { kind: 'seen', cluster: 'main', volumes: ['vol_a', 'by hand'] },
    { kind: 'unseen', cluster: 'far', reason: 'no node of it answers' },
  ],
};

const survey: SurveyView = {
  findings: [
    {
      severity: 'error',
      subject: { kind: 'volume', name: volume.name },
      meaning: 'it is stopped',
      remedy: `gluster volume start ${volume.name}`,
      finding: { kind: 'volume-stopped', status: 'stopped' },
    },
  ],
  looked: { volumes: 1, devices: 3, records: 1 },
};

const node: NodeView = {
  id: 'a',
  cluster: 'main',
  zone: '1',
  manage: 'a',
  storage: '10.0.0.1',
  placement: 'online',
  state: 'down',
  since: '2026-01-01T00:00:00.000Z',
  problems: [{ kind: 'unreachable', meaning: 'it does not answer', remedy: 'look' }],
  devices: [],
};
const plan: PlanView = { changes: [], refusals: [], unchanged: { nodes: 1, devices: 0 } };

/** An administrator's counterpart whose answers the test knows. */
const answers: Admin = {
  version: async () => ({ version: '1.2.3', role: 'leader' }),
  topology: async () => ({ clusters: [{ id: 'main', volumes: 1, nodes: [] }], quarantined: [] }),
  planTopology: async (document) => {
    if (JSON.stringify(document) === '{"bad":1}') {
      throw new AdminError('invalid', 'bad: expected nothing');
    }
    return { changes: [{ kind: 'cluster-added', cluster: 'main' }], refusals: [], unchanged: { nodes: 0, devices: 0 } };
  },
  applyTopology: async (_document, onProgress) => {
    onProgress(progress);
    onProgress({ ...progress, device: '/dev/vdc', outcome: { kind: 'waiting', reason: 'no answer' } });
    return { kind: 'waiting', reason: 'no answer' };
  },
  volumes: async () => [volume],
  volume: async (key) => {
    if (key !== 'default/data') {
      throw new AdminError('not-found', `no ${key}`);
    }
    return volume;
  },
  growVolume: async (query, onProgress) => {
    onProgress({ step: 'record', what: JSON.stringify(query), outcome: { kind: 'done' } });
    onProgress({ step: 'extend', what: '3 bricks', outcome: { kind: 'waiting', reason: 'no answer' } });
    return { kind: 'waiting', reason: 'no answer' };
  },
  planVolume: async () => refusal,
  capacity: async ({ without }) => {
    if (without !== undefined) {
      throw new AdminError('not-found', `no node ${without}`);
    }
    return capacity;
  },
  setState: async ({ node, state }): Promise<StateView> => ({
    node,
    state,
    before: 'online',
    changed: true,
    bricks: 2,
  }),
  nodes: {
    list: async () => [node],
    planAdd: async ({ zone }) => {
      if (zone === undefined) {
        throw new AdminError('invalid', 'zone: expected one');
      }
      return plan;
    },
    add: async ({ devices }, onProgress) => {
      onProgress({ ...progress, device: devices.map(({ name }) => name).join() });
      return { kind: 'waiting', reason: 'no answer' };
    },
    planRemove: async ({ node: id }) => {
      if (id !== 'a') {
        throw new AdminError('not-found', `no node ${id}`);
      }
      return plan;
    },
    remove: async (_query, onProgress) => {
      onProgress({ ...progress, step: 'leave' });
      return { kind: 'done' };
    },
  },
  recovery: {
    survey: async ({ onProgress }) => {
      onProgress({ looked: 1, total: 2 });
      onProgress({ looked: 2, total: 2 });
      return survey;
    },
    glusterVolumes: async () => glusterVolumes,
    rebuild: async ({ dryRun }) => ({ dryRun, volumes: [volume], leftAlone: [], findings: survey.findings, stood: 0 }),
    adopt: async ({ name, cluster }) => ({ ...volume, name, cluster: cluster ?? 'main', adopted: true }),
    forget: async ({ key }) => {
      if (key === 'hang') {
        return new Promise(() => undefined);
      }
      throw new AdminError('invalid', `gluster still has ${key}`);
    },
  },
};

describe('admin API over its socket', () => {
  let folder: string;
  let socket: string;
  let server: AdminServer | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brickyard-admin-'));
    socket = join(folder, 'admin.sock');
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  it('gives every answer as the other side made it', async () => {
    server = await startAdminServer(socket, answers);
    const client = remoteAdmin(socket);
    expect(await client.version()).toEqual({ version: '1.2.3', role: 'leader' });
    expect(await client.topology()).toEqual(await answers.topology());
    expect(await client.volumes()).toEqual([volume]);
    expect(await client.volume('default/data')).toEqual(volume);
    expect(await client.planTopology({ clusters: [] })).toEqual(await answers.planTopology({}));
  });

  it('passes plans, capacity and states on in both directions', async () => {
    server = await startAdminServer(socket, answers);
    const client = remoteAdmin(socket);
    expect(await client.planVolume({ shape: usualShape, clusters: [] })).toEqual(refusal);
    expect(await client.capacity({ shapes: [usualShape] })).toEqual(capacity);
    await expect(client.capacity({ shapes: [usualShape], without: nodeId('b') })).rejects.toMatchObject({
      code: 'not-found',
      message: 'no node b',
    });
    expect(await client.setState({ node: nodeId('a'), state: 'offline' })).toMatchObject({
      node: 'a',
      state: 'offline',
    });
  });

  it('refuses a query that is none, naming each field', async () => {
    server = await startAdminServer(socket, answers);
    const http = createHttp({ socketPath: socket, baseURL: 'http://brickyard', validateStatus: () => true });
    const shape = { size: -1, durability: { kind: 'replicate', count: 1 } };
    const plan = await http.post<unknown>('/v1/volume/plan', { shape, clusters: ['No'] });
    expect(plan.status).toBe(400);
    const text = JSON.stringify(plan.data);
    expect(
      ['shape.size: ', 'shape.durability.count: ', 'clusters[0]: '].filter((field) => !text.includes(field)),
    ).toEqual([]);
    const state = await http.post<unknown>('/v1/topology/state', { node: 'a', state: 'gone' });
    expect([state.status, JSON.stringify(state.data).includes('state: ')]).toEqual([400, true]);
  });

  it('tells of each step of an apply, then of its outcome', async () => {
    server = await startAdminServer(socket, answers);
    const steps: ProgressView[] = [];
    const outcome = await remoteAdmin(socket).applyTopology(
      {},
      (step) => void steps.push(step),
      AbortSignal.timeout(60_000),
    );
    expect(steps.map((step) => [step.device, step.outcome.kind])).toEqual([
      ['/dev/vdb', 'done'],
      ['/dev/vdc', 'waiting'],
    ]);
    expect(outcome).toEqual({ kind: 'waiting', reason: 'no answer' });
  });

  it('passes each step of a growth on as it ends, and says at once when there is nothing to grow', async () => {
    server = await startAdminServer(socket, answers);
    const client = remoteAdmin(socket);
    for (const query of [
      { volume: 'default/data', size: bytes(2 * GiB) },
      { volume: 'default/data', cancel: true },
    ] as const) {
      const steps: GrowthProgressView[] = [];
      const outcome = await client.growVolume(query, (each) => void steps.push(each), AbortSignal.timeout(60_000));
      expect(steps).toEqual([
        { step: 'record', what: JSON.stringify(query), outcome: { kind: 'done' } },
        { step: 'extend', what: '3 bricks', outcome: { kind: 'waiting', reason: 'no answer' } },
      ]);
      expect(outcome).toEqual({ kind: 'waiting', reason: 'no answer' });
    }
    const nothing = { volume: 'default/none', size: bytes(GiB) };
    await expect(client.growVolume(nothing, () => undefined, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('passes nodes on, how one comes and goes, and says at once what is wrong with a wish', async () => {
    server = await startAdminServer(socket, answers);
    const { nodes } = remoteAdmin(socket);
    const live = AbortSignal.timeout(60_000);
    expect(await nodes.list()).toEqual([node]);
    const wish = newNodeQuery.parse({ node: 'b', zone: '1', devices: [{ name: '/dev/vdb' }] });
    expect(await nodes.planAdd(wish)).toEqual(plan);
    const steps: ProgressView[] = [];
    const tell = (step: ProgressView): void => void steps.push(step);
    expect(await nodes.add(wish, tell, live)).toEqual({ kind: 'waiting', reason: 'no answer' });
    expect(await nodes.remove(nodeQuery.parse({ node: 'a' }), tell, live)).toEqual({ kind: 'done' });
    expect(steps.map(({ step, device }) => [step, device])).toEqual([
      [progress.step, '/dev/vdb'],
      ['leave', progress.device],
    ]);
    await expect(nodes.add(newNodeQuery.parse({ node: 'b' }), tell, live)).rejects.toMatchObject({ code: 'invalid' });
    await expect(nodes.remove(nodeQuery.parse({ node: 'x' }), tell, live)).rejects.toMatchObject({ code: 'not-found' });
    expect(steps).toHaveLength(2);
  });

  it('tells how far a survey is, and gives the answers of every other recovery', async () => {
    server = await startAdminServer(socket, answers);
    const { recovery } = remoteAdmin(socket);
    const seen: number[] = [];
    const watch = {
      signal: AbortSignal.timeout(60_000),
      onProgress: ({ looked }: { looked: number }) => void seen.push(looked),
    };
    expect(await recovery.survey(watch)).toEqual(survey);
    expect(seen).toEqual([1, 2]);
    expect(await recovery.glusterVolumes(watch)).toEqual(glusterVolumes);
    expect(await recovery.rebuild({ dryRun: true }, watch)).toMatchObject({ dryRun: true, volumes: [volume] });
    expect(await recovery.adopt({ name: 'byhand', dryRun: false }, watch)).toMatchObject({
      name: 'byhand',
      adopted: true,
    });
    await expect(recovery.forget({ key: 'x', dryRun: false, leaveIt: false }, watch)).rejects.toMatchObject({
      code: 'invalid',
      message: 'gluster still has x',
    });
  });

  it('says that the end is not known when the server goes away in the middle', async () => {
    server = await startAdminServer(socket, answers);
    const { recovery } = remoteAdmin(socket);
    const watch = { signal: AbortSignal.timeout(60_000), onProgress: () => undefined };
    const asking = recovery.forget({ key: 'hang', dryRun: false, leaveIt: false }, watch);
    const refused = asking.catch((error: unknown) => error);
    await server.close();
    server = undefined;
    expect(await refused).toBeInstanceOf(AdminError);
  });

  it('passes refusals on with their code and words', async () => {
    server = await startAdminServer(socket, answers);
    const client = remoteAdmin(socket);
    await expect(client.volume('x')).rejects.toMatchObject({ code: 'not-found', message: 'no x' });
    await expect(client.planTopology({ bad: 1 })).rejects.toMatchObject({ code: 'invalid' });
    await expect(client.applyTopology({ bad: 1 }, () => undefined, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: 'invalid',
      message: 'bad: expected nothing',
    });
  });

  it('lets nobody but its own user open the socket', async () => {
    server = await startAdminServer(socket, answers);
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
  });

  it('says that nobody is there when there is no socket, or one that a dead process left', async () => {
    await expect(remoteAdmin(socket).version()).rejects.toBeInstanceOf(NoServerError);
    await leaveDeadSocket(socket);
    await expect(remoteAdmin(socket).version()).rejects.toBeInstanceOf(NoServerError);
  });

  it('takes the place of a dead socket but not of a living one', async () => {
    await leaveDeadSocket(socket);
    server = await startAdminServer(socket, answers);
    await expect(startAdminServer(socket, answers)).rejects.toThrow(/another brickyard is running/);
    expect(await remoteAdmin(socket).version()).toMatchObject({ version: '1.2.3' });
  });

  it('takes its socket away when it closes', async () => {
    await (await startAdminServer(socket, answers)).close();
    await expect(stat(socket)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a path that no socket can have, naming the limit', async () => {
    await expect(startAdminServer(join(folder, 'x'.repeat(120)), answers)).rejects.toThrow(/at most 107 bytes/);
  });
});

/** What SIGKILL leaves: a socket file that nobody listens on any more. A second link outlives the orderly close. */
async function leaveDeadSocket(path: string): Promise<void> {
  const listener = createServer();
  await new Promise<void>((resolve) => {
    listener.listen(`${path}.first`, () => resolve());
  });
  await link(`${path}.first`, path);
  await new Promise<void>((resolve) => {
    listener.close(() => resolve());
  });
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { done } from '../../../src/domain/outcome.ts';
import { createHttpRunner, type HttpRunner } from '../../../src/gluster/http-runner.ts';
import { createSimulation, type Simulation } from '../../../src/gluster/simulated/simulation.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import type { Command } from '../../../src/gluster/runner.ts';
import { startNodesServer, type NodesServer } from '../../../src/sandbox/nodes/server.ts';
import { mulberry32 } from '../../support/random.ts';
import { disk, nodeSpecs } from '../../support/simulated-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';

const token = 'a-token-for-this-test';
const context = { signal: new AbortController().signal };
const list: Command = { argv: ['gluster', '--xml', '--mode=script', 'volume', 'list'], deadlineMs: 5_000 };

let simulation: Simulation;
let server: NodesServer;
let runner: HttpRunner;

const [node] = nodeSpecs(1);
if (node === undefined) {
  throw new Error('no node');
}

beforeEach(async () => {
  simulation = createSimulation({ nodes: nodeSpecs(3), clock: systemClock, random: mulberry32(3) });
  server = await startNodesServer({ simulation, token });
  runner = createHttpRunner({ url: server.url, token });
});

afterEach(async () => {
  runner.close();
  await server.close();
});

const call = (method: string, path: string, body?: unknown, bearer = token) =>
  fetch(`${server.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

describe('commands over HTTP', () => {
  it('do the same work as in the process, many at a time', async () => {
    const storage = createCommandStorageNodes({ runner });
    const prepared = await Promise.all(
      nodeSpecs(3).map((each) => storage.prepareDevice(each, disk, { wipe: false }, context)),
    );
    expect(prepared.map(({ kind }) => kind)).toEqual(['done', 'done', 'done']);
    const lists = await Promise.all(Array.from({ length: 200 }, () => storage.listVolumes(node, context)));
    expect(lists).toEqual(lists.map(() => done([])));
  });

  it('that exit with a code bring it, and both streams, back', async () => {
    expect(await runner.run(node, { argv: ['rmdir', '/none'], deadlineMs: 1_000 }, context)).toEqual({
      kind: 'exited',
      exitCode: 1,
      stdout: '',
      stderr: "rmdir: failed to remove '/none': No such file or directory\n",
    });
  });

  it('with a wrong token are refused before anything runs', async () => {
    const stranger = createHttpRunner({ url: server.url, token: 'another' });
    expect(await stranger.run(node, list, context)).toMatchObject({ kind: 'not-started', cause: 'refused' });
    stranger.close();
    expect(simulation.inspect().commands).toBe(0);
  });

  it('that are malformed are refused, naming the field', async () => {
    expect(await runner.run(node, { argv: [], deadlineMs: 1_000 }, context)).toMatchObject({
      kind: 'not-started',
      cause: 'refused',
      reason: expect.stringContaining('argv') as string,
    });
  });

  it('to a server that is not there have not started', async () => {
    await server.close();
    expect(await runner.run(node, list, context)).toMatchObject({ kind: 'not-started', cause: 'unreachable' });
  });

  it('under way when the server ends are lost', async () => {
    simulation.faults.add({ effect: { kind: 'hang' } });
    const result = runner.run(node, list, context);
    await waitFor('the command arrives', () => simulation.inspect().commands === 1);
    await server.close();
    expect(await result).toMatchObject({ kind: 'lost' });
  });

  it('whose caller gives up are lost, and not started when he had given up before', async () => {
    simulation.faults.add({ effect: { kind: 'hang' } });
    const caller = new AbortController();
    const result = runner.run(node, list, { signal: caller.signal });
    await waitFor('the command arrives', () => simulation.inspect().commands === 1);
    caller.abort(new Error('enough'));
    expect(await result).toMatchObject({ kind: 'lost' });
    expect(await runner.run(node, list, { signal: caller.signal })).toMatchObject({ cause: 'aborted' });
  });

  it('go on working although the caller has gone', async () => {
    simulation.faults.add({ effect: { kind: 'slow', ms: 50 }, argv: '^pvcreate' });
    const caller = new AbortController();
    const result = runner.run(node, { argv: ['pvcreate', disk], deadlineMs: 5_000 }, { signal: caller.signal });
    await waitFor('the command arrives', () => simulation.inspect().commands === 1);
    caller.abort(new Error('enough'));
    expect(await result).toMatchObject({ kind: 'lost' });
    await waitFor('the disk is LVM’s', () => simulation.inspect().nodes[0]?.devices[0]?.holds === 'LVM2_member');
  });
});

describe('a server that misbehaves', () => {
  let broken: Server | undefined;

  afterEach(() => {
    broken?.closeAllConnections();
    broken?.close();
  });

  async function answering(respond: Parameters<typeof createServer>[1]): Promise<HttpRunner> {
    const started = createServer(respond);
    broken = started;
    await new Promise<void>((resolve) => {
      started.listen(0, '127.0.0.1', resolve);
    });
    return createHttpRunner({ url: `http://127.0.0.1:${(started.address() as AddressInfo).port}`, token });
  }

  it('and breaks the connection after it had the command has maybe run it', async () => {
    const through = await answering((request) => request.socket.destroy());
    expect(await through.run(node, list, context)).toMatchObject({ kind: 'lost' });
    through.close();
  });

  it.each([
    ['500', 500, '{}'],
    ['something else than a result', 200, '{"kind":"exited"}'],
    ['no JSON', 200, 'hello'],
  ])('and answers %s has maybe run it', async (_case, status, body) => {
    const through = await answering((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    expect(await through.run(node, list, context)).toMatchObject({ kind: 'lost' });
    through.close();
  });
});

describe('steering over HTTP', () => {
  it('faults are added, seen, hit and ended', async () => {
    const spec = { effect: { kind: 'fail', exitCode: 3, stderr: 'on purpose' }, node: 'node-1', times: 2 };
    const added = await call('POST', '/v1/faults', spec);
    expect(added.status).toBe(201);
    expect(await added.json()).toEqual({ id: 1 });
    expect(await runner.run(node, list, context)).toMatchObject({ exitCode: 3, stderr: 'on purpose' });
    expect(await (await call('GET', '/v1/faults')).json()).toMatchObject([{ id: 1, hits: 1 }]);
    expect((await call('DELETE', '/v1/faults/1')).status).toBe(204);
    expect((await call('DELETE', '/v1/faults/1')).status).toBe(404);
    expect(await runner.run(node, list, context)).toMatchObject({ exitCode: 0 });
    await call('POST', '/v1/faults', spec);
    expect((await call('DELETE', '/v1/faults')).status).toBe(204);
    expect(simulation.faults.list()).toEqual([]);
  });

  it('nodes are added, and the state is shown whole', async () => {
    const spec = {
      id: 'extra',
      manage: 'extra',
      storage: '10.0.1.1',
      devices: [{ name: '/dev/vdx', size: 1_073_741_824 }],
    };
    expect((await call('POST', '/v1/nodes', spec)).status).toBe(201);
    expect((await call('POST', '/v1/nodes', spec)).status).toBe(400);
    expect(await (await call('GET', '/v1/state')).json()).toEqual(JSON.parse(JSON.stringify(simulation.inspect())));
    expect(simulation.inspect().nodes.map(({ id }) => id)).toContain('extra');
  });

  it.each([
    ['POST', '/v1/faults', { effect: { kind: 'earthquake' } }],
    ['POST', '/v1/faults', { effect: { kind: 'hang' }, argv: '(' }],
    ['POST', '/v1/faults', { effect: { kind: 'power-off' }, node: 'nobody' }],
    ['POST', '/v1/nodes', { id: 'X' }],
    ['DELETE', '/v1/faults/first', undefined],
  ])('%s %s with %j is refused with a reason', async (method, path, body) => {
    const answer = await call(method, path, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: expect.stringMatching(/.{5,}/) as string });
  });

  it.each(['/v1/state', '/v1/faults'])('%s needs the token', async (path) => {
    expect((await call('GET', path, undefined, 'another')).status).toBe(401);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FakeClock } from '../../support/fake-clock.ts';
import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EventLines } from './event-lines.ts';
import type { FaultSpec } from '../../../src/sandbox/api/faults/faults.ts';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';

let sandbox: KubeSandbox;
let clock: FakeClock;
beforeEach(async () => {
  clock = new FakeClock();
  sandbox = await startTestApi({ clock });
});
afterEach(async () => {
  await sandbox.close();
});

const maps = '/api/v1/namespaces/default/configmaps';
const reference = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name });
const call = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${sandbox.url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'tester/1' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const create = (name: string): Promise<Response> =>
  call('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

describe('a fault', () => {
  it.each([
    [500, 'InternalError', null],
    [503, 'ServiceUnavailable', null],
    [429, 'TooManyRequests', '3'],
  ] as const)('answers %d to as many calls as it says, and does nothing', async (code, reason, retryAfter) => {
    sandbox.faults.add({
      match: { verb: 'create', resource: 'configmaps' },
      action: { do: 'refuse', code, ...(retryAfter === null ? {} : { retryAfterSeconds: Number(retryAfter) }) },
      times: 2,
    });
    const first = await create('a');
    expect([first.status, first.headers.get('retry-after')]).toEqual([code, retryAfter]);
    expect(await first.json()).toMatchObject({ kind: 'Status', reason, code });
    expect((await create('a')).status).toBe(code);
    expect((await create('a')).status).toBe(201);
    expect(sandbox.faults.list()).toEqual([]);
  });

  it('hits only what it matches', async () => {
    sandbox.faults.add({ match: { verb: 'get', name: 'a' }, action: { do: 'refuse', code: 500 } });
    await create('a');
    expect((await call('GET', maps)).status).toBe(200);
    expect((await call('GET', `${maps}/b`)).status).toBe(404);
    expect((await call('GET', `${maps}/a`)).status).toBe(500);
    sandbox.faults.clear();
    expect((await call('GET', `${maps}/a`)).status).toBe(200);
  });

  it('can be a matter of chance', async () => {
    sandbox.faults.add({ action: { do: 'refuse', code: 500 }, probability: 0.5 });
    const codes: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      codes.push((await call('GET', maps)).status);
    }
    expect(new Set(codes)).toEqual(new Set([200, 500]));
  });

  it('can lose the answer after the work was done', async () => {
    sandbox.faults.add({ match: { verb: 'create' }, action: { do: 'loseAnswer' }, times: 1 });
    await expect(create('a')).rejects.toThrow('fetch failed');
    expect(sandbox.api.find(reference('a'))).toBeDefined();
    expect((await create('a')).status).toBe(409);
  });

  it('can cut the connection before anything is done', async () => {
    sandbox.faults.add({ match: { verb: 'create' }, action: { do: 'reset' }, times: 1 });
    await expect(create('a')).rejects.toThrow('fetch failed');
    expect(sandbox.api.find(reference('a'))).toBeUndefined();
  });

  it('can never answer', async () => {
    sandbox.faults.add({ match: { verb: 'list' }, action: { do: 'hang' }, times: 1 });
    const hanging = fetch(`${sandbox.url}${maps}`, { signal: AbortSignal.timeout(200) });
    await expect(hanging).rejects.toThrow(/timeout/);
    expect((await call('GET', maps)).status).toBe(200);
  });

  it('can make a call wait', async () => {
    sandbox.faults.add({ match: { verb: 'list' }, action: { do: 'delay', milliseconds: 5000 }, times: 1 });
    let answered = false;
    const answer = call('GET', maps).then((response) => {
      answered = true;
      return response.status;
    });
    await waitFor('the call to arrive', () => sandbox.faults.list().length === 0);
    await clock.advance(4999);
    expect(answered).toBe(false);
    await clock.advance(1);
    expect(await answer).toBe(200);
  });

  it('that is not well formed is refused, naming the field', async () => {
    expect(() => sandbox.faults.add({ action: { do: 'refuse', code: 418 } } as unknown as FaultSpec)).toThrow(/code/);
    const response = await call('POST', '/sandbox/faults', { action: { do: 'explode' } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      reason: 'BadRequest',
      message: expect.stringContaining('action.do') as string,
    });
  });
});

describe('a watch', () => {
  it('can be dropped', async () => {
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true`);
    expect(sandbox.faults.dropWatches({ resource: 'secrets' })).toBe(0);
    expect(sandbox.faults.dropWatches({ resource: 'configmaps' })).toBe(1);
    await expect(lines.ended()).rejects.toThrow('terminated');
  });

  it('can be made half-open: the socket stays, no byte comes any more', async () => {
    const frozen = await EventLines.open(`${sandbox.url}${maps}?watch=true&allowWatchBookmarks=true`);
    expect(sandbox.faults.freezeWatches()).toBe(1);
    const live = await EventLines.open(`${sandbox.url}${maps}?watch=true`);
    await create('a');
    await live.take(1);
    await clock.advance(3_600_000);
    await live.ended();
    expect(frozen.waiting).toBe(0);
    expect(sandbox.faults.openWatches()).toHaveLength(1);
    frozen.close();
  });

  it('from before a compaction gets 410', async () => {
    await create('a');
    const { metadata } = (await (await call('GET', maps)).json()) as { metadata: { resourceVersion: string } };
    await create('b');
    sandbox.faults.compact();
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true&resourceVersion=${metadata.resourceVersion}`);
    expect(await lines.take(1)).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410 } }]);
    await lines.ended();
  });
});

describe('other processes', () => {
  it('add, see and clear faults over HTTP', async () => {
    const added = await call('POST', '/sandbox/faults', {
      match: { verb: 'list' },
      action: { do: 'refuse', code: 503 },
    });
    expect([added.status, await added.json()]).toEqual([201, { id: 1 }]);
    expect((await call('GET', maps)).status).toBe(503);
    expect(await (await call('GET', '/sandbox/faults')).json()).toMatchObject({
      faults: [{ id: 1, fault: { match: { verb: 'list' } } }],
    });
    await call('DELETE', '/sandbox/faults');
    expect((await call('GET', maps)).status).toBe(200);
  });

  it('drop and freeze watches, and compact', async () => {
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true`);
    expect(await (await call('GET', '/sandbox/watches')).json()).toMatchObject({
      watches: [{ resource: 'configmaps' }],
    });
    expect(await (await call('POST', '/sandbox/watches', { do: 'freeze' })).json()).toEqual({ hit: 1 });
    expect(await (await call('POST', '/sandbox/watches', { do: 'drop' })).json()).toEqual({ hit: 1 });
    await expect(lines.ended()).rejects.toThrow('terminated');
    expect((await call('POST', '/sandbox/compact')).status).toBe(200);
    expect((await call('PATCH', '/sandbox/stats')).status).toBe(405);
    expect((await call('GET', '/sandbox/nothing')).status).toBe(404);
  });

  it('read how often what was called, by whom and with what answer', async () => {
    await create('a');
    await create('a');
    await call('GET', maps);
    sandbox.faults.add({ match: { verb: 'delete' }, action: { do: 'reset' }, times: 1 });
    await expect(call('DELETE', `${maps}/a`)).rejects.toThrow('fetch failed');
    const who = { resource: 'configmaps', userAgent: 'tester/1' };
    const { calls } = (await (await call('GET', '/sandbox/stats')).json()) as { calls: unknown[] };
    expect(calls).toEqual([
      { verb: 'create', ...who, code: 201, count: 1 },
      { verb: 'create', ...who, code: 409, count: 1 },
      { verb: 'list', ...who, code: 200, count: 1 },
      { verb: 'delete', ...who, code: 0, count: 1 },
    ]);
    expect(sandbox.stats.writes('tester')).toBe(1);
    expect(sandbox.stats.writes('somebody else')).toBe(0);
    await call('DELETE', '/sandbox/stats');
    expect(sandbox.stats.calls()).toEqual([]);
  });
});

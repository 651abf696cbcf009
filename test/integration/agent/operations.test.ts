/** Work is done once and in order, however often and late requests for it arrive. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { operationsPath } from '../../../src/agent/protocol/messages.ts';
import { usualLimits } from '../../../src/agent/server/operations.ts';
import type { Agent } from '../../../src/agent/server/agent.ts';
import { done, unknown, type Outcome } from '../../../src/domain/outcome.ts';
import { verbNames } from '../../../src/agent/protocol/verbs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { scripted, startTestAgent, TestCertificates, type Scripted } from './bench.ts';
import { ask, operationFor, post, refusalOf, type Caller, type RawAnswer } from './raw.ts';

let certificates: TestCertificates;
let controller: Caller;
beforeAll(async () => {
  certificates = await TestCertificates.make(['node-1']);
  controller = { believes: certificates.controller, shows: certificates.controller };
});
afterAll(() => certificates.remove());

let agent: Agent;
let inner: Scripted;
/** Changes wait here until they are let go. */
let gates: PromiseWithResolvers<Outcome<unknown>>[];
let deaf: boolean;

beforeEach(async () => {
  gates = [];
  deaf = false;
  inner = scripted(async (verb, _args, signal) => {
    if (verb === 'listVolumes' || verb === 'restoreBricks' || verb === 'listBricks') {
      return done([]);
    }
    const gate = Promise.withResolvers<Outcome<unknown>>();
    gates.push(gate);
    if (!deaf) {
      signal.addEventListener('abort', () => gate.resolve(unknown('ended early')), { once: true });
    }
    return gate.promise;
  }, verbNames);
  agent = await startTestAgent({
    nodes: inner.nodes,
    certDir: certificates.node('node-1'),
    pollMs: 50,
    limits: { ...usualLimits, active: 4, changes: 2 },
  });
  await waitFor('the agent is ready', () => agent.ready);
  inner.begun.length = 0;
});
afterEach(async () => {
  deaf = false;
  for (const gate of gates) {
    gate.resolve(done());
  }
  await agent.close(AbortSignal.abort());
});

const request = (change: Readonly<Record<string, unknown>> = {}) => operationFor(agent.url, controller, change);
const send = (body: unknown): Promise<RawAnswer> => post(agent.url, controller, body);
const begun = (count: number) => waitFor(`${count} have begun`, () => inner.begun.length === count);
const finished = (outcome: unknown) => ({ status: 200, body: { state: 'finished', outcome } });

describe('an operation', () => {
  it('that takes long is answered "running", and is joined by its id', async () => {
    const body = await request();
    expect(await send(body)).toEqual({ status: 202, body: { state: 'running' } });
    const second = send(body);
    const third = send(body);
    gates[0]?.resolve(done());
    expect(await second).toEqual(finished({ kind: 'done' }));
    expect(await third).toEqual(finished({ kind: 'done' }));
    expect(inner.begun).toEqual(['startVolume vol_a']);
  });

  it('that is over gives its kept result, however it is asked for', async () => {
    const body = await request();
    const first = send(body);
    await begun(1);
    gates[0]?.resolve(unknown('lost'));
    expect(await first).toEqual(finished({ kind: 'unknown', reason: 'lost' }));
    // Long after it could begin, and from another life of the caller.
    expect(await send({ ...body, expires: 0, sender: { id: randomUUID(), sequence: 0 } })).toEqual(
      finished({ kind: 'unknown', reason: 'lost' }),
    );
    expect(inner.begun).toHaveLength(1);
  });

  it('is refused when its id was used for something else', async () => {
    const body = await request();
    await send(body);
    for (const other of [{ arguments: ['vol_b'] }, { verb: 'stopVolume' }]) {
      expect(refusalOf(await send({ ...body, ...other }))).toBe('reused');
    }
    expect(inner.begun).toHaveLength(1);
  });

  it('does not begin when it was called off before it arrived', async () => {
    const body = await request();
    const path = `${operationsPath}/${String(body['operation'])}`;
    expect((await ask(agent.url, controller, { method: 'DELETE', path })).status).toBe(204);
    expect(refusalOf(await send(body))).toBe('cancelled');
    expect(inner.begun).toEqual([]);
  });

  it('ends early when it is called off', async () => {
    const body = await request();
    await send(body);
    await ask(agent.url, controller, { method: 'DELETE', path: `${operationsPath}/${String(body['operation'])}` });
    expect(await send(body)).toEqual(finished({ kind: 'unknown', reason: 'ended early' }));
  });

  it('does not begin when it was on its way for too long, or for an earlier life of the agent', async () => {
    const late = await request();
    expect(refusalOf(await send({ ...late, expires: Number(late['expires']) - 20_000 }))).toBe('late');
    expect(refusalOf(await send({ ...late, instance: randomUUID() }))).toBe('other-instance');
    expect(inner.begun).toEqual([]);
  });

  it('does not begin when a later one of the same caller about the same thing has', async () => {
    const id = randomUUID();
    await send(await request({ sender: { id, sequence: 7 } }));
    expect(refusalOf(await send(await request({ sender: { id, sequence: 6 } })))).toBe('overtaken');
    // About something else it may, and so may somebody else.
    expect((await send(await request({ sender: { id, sequence: 5 }, arguments: ['vol_b'] }))).status).toBe(202);
    expect((await send(await request())).status).toBe(202);
    expect(inner.begun).toEqual(['startVolume vol_a', 'startVolume vol_b']);
  });

  it('is refused when it is malformed, and says where', async () => {
    const right = await request();
    const answer = await send({ ...right, arguments: ['; reboot'] });
    expect(answer.body).toMatchObject({ error: 'malformed', message: expect.stringContaining('[0]') as string });
    for (const wrong of [
      { verb: 'toString' },
      { verb: 'reboot' },
      { operation: 'x' },
      { arguments: [] },
      { more: 1 },
    ]) {
      expect((await send({ ...right, ...wrong })).status).toBe(400);
    }
    expect(inner.begun).toEqual([]);
  });

  it('is refused when more wait than are taken on', async () => {
    for (const name of ['vol_a', 'vol_b', 'vol_c', 'vol_d']) {
      await send(await request({ arguments: [name] }));
    }
    // Two run, two wait.
    expect(inner.begun).toHaveLength(2);
    expect(refusalOf(await send(await request({ arguments: ['vol_e'] })))).toBe('busy');
  });
});

describe('operations about one thing', () => {
  it('are done one after another in the order of arrival, others beside them', async () => {
    await send(await request({ verb: 'stopVolume' }));
    await send(await request({ verb: 'deleteVolume' }));
    await send(await request({ verb: 'startVolume', arguments: ['vol_b'] }));
    expect(inner.begun).toEqual(['stopVolume vol_a', 'startVolume vol_b']);
    gates[0]?.resolve(done());
    await waitFor('the next one begins', () => inner.begun.length === 3);
    expect(inner.ended).toContain('stopVolume vol_a');
    expect(inner.begun[2]).toBe('deleteVolume vol_a');
  });

  it('do not begin while one that was called off is still ending', async () => {
    deaf = true;
    const first = await request({ verb: 'stopVolume' });
    await send(first);
    await ask(agent.url, controller, { method: 'DELETE', path: `${operationsPath}/${String(first['operation'])}` });
    const second = await request({ verb: 'startVolume' });
    expect((await send(second)).status).toBe(202);
    expect(inner.begun).toEqual(['stopVolume vol_a']);
    gates[0]?.resolve(unknown('killed'));
    await begun(2);
  });

  it('do not hold reads up', async () => {
    await send(await request());
    expect(await send(await request({ verb: 'listVolumes', arguments: [] }))).toEqual(
      finished({ kind: 'done', value: [] }),
    );
  });
});

describe('an agent that stops', () => {
  it('lets what runs end, answers for it, and takes on nothing new', async () => {
    const body = await request();
    const other = await request({ arguments: ['vol_b'] });
    await send(body);
    const closed = agent.close(new AbortController().signal);
    expect(refusalOf(await send(other))).toBe('stopping');
    const answer = send(body);
    gates[0]?.resolve(done());
    expect(await answer).toEqual(finished({ kind: 'done' }));
    await closed;
    await expect(send(body)).rejects.toThrow('ECONNREFUSED');
  });

  it('ends what runs early when it has to', async () => {
    await send(await request());
    const abort = new AbortController();
    const closed = agent.close(abort.signal);
    abort.abort();
    await closed;
    expect(inner.ended).toContain('startVolume vol_a');
  });
});

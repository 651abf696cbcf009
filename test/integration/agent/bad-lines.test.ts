/** Lines that break, agents that die and certificates that change, seen from the client. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AgentStorageNodes } from '../../../src/agent/client/storage-nodes.ts';
import { controllerHolder, nodeHolder } from '../../../src/agent/certificates/folder.ts';
import { createAuthority } from '../../../src/agent/certificates/issue.ts';
import type { Agent } from '../../../src/agent/server/agent.ts';
import { verbNames } from '../../../src/agent/protocol/verbs.ts';
import { volumeName } from '../../../src/domain/names.ts';
import { done, unknown, type Outcome } from '../../../src/domain/outcome.ts';
import { realClock } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  clientTo,
  forever,
  idOf,
  nodeAt,
  portOf,
  Proxy,
  scripted,
  startTestAgent,
  TestCertificates,
  type Scripted,
} from './bench.ts';
import { shown } from './raw.ts';

const volume = volumeName('vol_a');
const node = nodeAt('node-1');

let certificates: TestCertificates;
let agent: Agent;
let proxy: Proxy;
let client: AgentStorageNodes;
let inner: Scripted;
let gates: PromiseWithResolvers<Outcome<unknown>>[];

const start = (): Promise<Agent> =>
  startTestAgent({ nodes: inner.nodes, certDir: certificates.node('node-1'), pollMs: 100 });

beforeAll(async () => {
  certificates = await TestCertificates.make(['node-1']);
});
afterAll(() => certificates.remove());

beforeEach(async () => {
  gates = [];
  inner = scripted(async (verb, _args, signal) => {
    if (verb !== 'startVolume' && verb !== 'stopVolume') {
      return done([]);
    }
    const gate = Promise.withResolvers<Outcome<unknown>>();
    gates.push(gate);
    signal.addEventListener('abort', () => gate.resolve(unknown('ended early')), { once: true });
    return gate.promise;
  }, verbNames);
  agent = await start();
  await waitFor('the agent is ready', () => agent.ready);
  inner.begun.length = 0;
  proxy = await Proxy.start(() => portOf(agent.url));
  client = clientTo(proxy.port, certificates.controller, { silenceMs: 5_000, answerMs: 1_000 });
});
afterEach(async () => {
  client.close();
  await proxy.close();
  for (const gate of gates) {
    gate.resolve(done());
  }
  await agent.close(AbortSignal.abort());
});

const begun = (count = 1) => waitFor(`${count} have begun`, () => inner.begun.length === count);

describe('when the line breaks', () => {
  it('after the request, the work is done once and its outcome is fetched', async () => {
    const outcome = client.startVolume(node, volume, forever);
    await begun();
    proxy.cut();
    gates[0]?.resolve(done());
    expect(await outcome).toStrictEqual(done());
    expect(inner.begun).toEqual(['startVolume vol_a']);
  });

  it('again and again, the work is done once all the same', async () => {
    const outcome = client.startVolume(node, volume, forever);
    await begun();
    for (let turn = 0; turn < 4; turn += 1) {
      proxy.cut();
      expect(await client.listVolumes(node, forever)).toMatchObject({ kind: 'done' });
    }
    gates[0]?.resolve(done());
    expect(await outcome).toStrictEqual(done());
    expect(inner.begun.filter((line) => line.startsWith('startVolume'))).toHaveLength(1);
  });

  it('right when the answer comes, it is asked for again', async () => {
    const outcome = client.startVolume(node, volume, forever);
    await begun();
    proxy.cable = 'cut-answers';
    gates[0]?.resolve(done());
    await waitFor('the work is done', () => inner.ended.includes('startVolume vol_a'));
    proxy.cable = 'whole';
    expect(await outcome).toStrictEqual(done());
    expect(inner.begun).toHaveLength(1);
  });

  it('before the request, the node is waited for', async () => {
    expect(await client.listVolumes(node, forever)).toMatchObject({ kind: 'done' });
    proxy.cable = 'refuse';
    proxy.cut();
    // The client believes in its session until it finds out otherwise: so may the request have been sent.
    client.close();
    expect(await client.startVolume(node, volume, forever)).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: 'node-1' },
    });
    expect(inner.begun).toEqual(['listVolumes undefined']);
  });

  it('for good, what was asked for is unknown', async () => {
    const brief = clientTo(proxy.port, certificates.controller, { silenceMs: 300, answerMs: 200 });
    const outcome = brief.startVolume(node, volume, forever);
    await begun();
    proxy.cable = 'refuse';
    proxy.cut();
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    brief.close();
  });

  it('without a word, nobody waits longer than for a sign of life', async () => {
    const brief = clientTo(proxy.port, certificates.controller, { silenceMs: 300, answerMs: 200 });
    expect(await brief.listVolumes(node, forever)).toMatchObject({ kind: 'done' });
    proxy.cable = 'silent';
    expect(await brief.startVolume(node, volume, forever)).toMatchObject({ kind: 'unknown' });
    expect(inner.begun).toEqual(['listVolumes undefined']);
    brief.close();
  });
});

describe('when the caller gives up', () => {
  it('the work ends early on the node, and its outcome is unknown', async () => {
    const caller = new AbortController();
    const outcome = client.startVolume(node, volume, { signal: caller.signal });
    await begun();
    caller.abort();
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    await waitFor('the work has ended', () => inner.ended.includes('startVolume vol_a'));
  });
});

describe('when the agent', () => {
  it('is stopped in the middle and started again, the verb is carried on by the new one', async () => {
    const outcome = client.startVolume(node, volume, forever);
    await begun();
    await agent.close(AbortSignal.abort());
    // Aborted work was answered as what it is; a verb that is asked for then goes to the next life.
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    agent = await start();
    await waitFor('the agent is ready', () => agent.ready);
    inner.begun.length = 0;
    const again = client.startVolume(node, volume, forever);
    await waitFor('it begins', () => inner.begun.includes('startVolume vol_a'));
    gates.at(-1)?.resolve(done());
    expect(await again).toStrictEqual(done());
  });

  it('is not ready yet, the node is waited for', async () => {
    const closed = Promise.withResolvers<Outcome<unknown>>();
    const slow = scripted((verb) => (verb === 'restoreBricks' ? closed.promise : Promise.resolve(done([]))), verbNames);
    const starting = await startTestAgent({ nodes: slow.nodes, certDir: certificates.node('node-1') });
    const impatient = clientTo(portOf(starting.url), certificates.controller);
    try {
      expect(await impatient.listVolumes(node, forever)).toEqual({
        kind: 'waiting',
        on: { what: 'node', name: 'node-1' },
        reason: 'node-1: the agent of node-1 is starting: bricks are being mounted',
      });
      expect(slow.begun).toEqual(['restoreBricks /dev/vdb']);
      closed.resolve(done([]));
      await waitFor('the agent is ready', () => starting.ready);
      expect(await impatient.listVolumes(node, forever)).toMatchObject({ kind: 'done' });
    } finally {
      impatient.close();
      await starting.close(AbortSignal.abort());
    }
  });
});

describe('when certificates are rotated', () => {
  /** By a new authority; who believes in both sees no gap. */
  async function rotate(): Promise<void> {
    const { authority: old } = await certificates.folder.ensureAuthority(1);
    const authority = await createAuthority(realClock, 10);
    const both = { ...authority, cert: authority.cert + old.cert };
    for (const believed of [{ ...old, cert: both.cert }, both]) {
      // First everybody believes in both; then everybody shows the new one.
      const signer = believed === both ? authority : old;
      await certificates.folder.renew(controllerHolder, signer, 5, believed.cert);
      await certificates.folder.renew(nodeHolder(idOf('node-1')), signer, 5, believed.cert);
      await seen();
    }
  }

  /** Both ends have looked into their folders since. */
  async function seen(): Promise<void> {
    const lies = await readFile(join(certificates.node('node-1'), 'tls.crt'), 'utf8');
    await waitFor('the agent shows what lies in its folder', async () => (await shown(agent)).trim() === lies.trim());
  }

  it('calls go on, those under way included, and later ones use the new ones', async () => {
    const before = await shown(agent);
    const long = client.startVolume(node, volume, forever);
    await begun();
    const outcomes: Outcome<unknown>[] = [];
    const over = new AbortController();
    const stream = (async () => {
      while (!over.signal.aborted) {
        outcomes.push(await client.listVolumes(node, forever));
      }
    })();
    await rotate();
    const passed = outcomes.length;
    await waitFor('calls go on', () => outcomes.length > passed + 5);
    gates[0]?.resolve(done());
    expect(await long).toStrictEqual(done());
    over.abort();
    await stream;
    expect(outcomes.filter(({ kind }) => kind !== 'done')).toEqual([]);
    expect(inner.begun.filter((line) => line.startsWith('startVolume'))).toHaveLength(1);
    expect(await shown(agent)).not.toBe(before);
  });
});

/** Who may talk to whom, and what is said to those who may not. */
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate } from '../../../src/agent/certificates/issue.ts';
import type { Agent } from '../../../src/agent/server/agent.ts';
import { createAgentStorageNodes } from '../../../src/agent/client/storage-nodes.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { done } from '../../../src/domain/outcome.ts';
import { realClock } from '../../support/test-api.ts';
import { mulberry32 } from '../../support/random.ts';
import { waitFor } from '../../support/wait-for.ts';
import { verbNames } from '../../../src/agent/protocol/verbs.ts';
import {
  clientTo,
  forever,
  nodeAt,
  portOf,
  scripted,
  startTestAgent,
  TestCertificates,
  type Scripted,
} from './bench.ts';
import { ask, operationFor, post, refusalOf, type Caller } from './raw.ts';

/** Certificates that this clock makes are long over. */
const longAgo: Clock = { ...realClock, now: () => Date.UTC(2020, 0, 1) };

let mine: TestCertificates;
let others: TestCertificates;
let old: TestCertificates;
let agent: Agent;
let inner: Scripted;

beforeAll(async () => {
  mine = await TestCertificates.make(['node-1', 'node-2']);
  others = await TestCertificates.make(['node-1']);
  old = await TestCertificates.make(['node-1'], longAgo, 1);
  inner = scripted(async () => done([]), verbNames);
  agent = await startTestAgent({ nodes: inner.nodes, certDir: mine.node('node-1') });
  await waitFor('the agent is ready', () => agent.ready);
});
afterAll(async () => {
  await agent.close(AbortSignal.abort());
  await Promise.all([mine, others, old].map((each) => each.remove()));
});

const calls = [
  ['POST', '/v1/operations'],
  ['GET', '/v1/session'],
  ['GET', '/v1/readiness'],
  ['DELETE', '/v1/operations/00000000-0000-4000-8000-000000000000'],
  ['GET', '/healthz/..'],
] as const;

describe('an agent', () => {
  /** What is said to a caller whatever he asks. */
  const refusal = async (caller: Caller): Promise<string> => {
    const begun = inner.begun.length;
    const said = new Set<string>();
    for (const [method, path] of calls) {
      const answer = await ask(agent.url, caller, { method, path, ...(method === 'POST' ? { body: {} } : {}) });
      expect(answer.status).toBe(403);
      said.add(JSON.stringify(answer.body));
    }
    expect(inner.begun).toHaveLength(begun);
    expect(said.size).toBe(1);
    return z.object({ error: z.literal('identity'), message: z.string() }).parse(JSON.parse([...said].join('')))
      .message;
  };

  it('refuses callers without a certificate', async () => {
    expect(await refusal({ believes: mine.controller })).toBe(
      'expected a client certificate for controller.brickyard, got none',
    );
  });

  it('refuses certificates of another authority', async () => {
    expect(await refusal({ believes: mine.controller, shows: others.controller })).toBe(
      "expected a client certificate that the agent's ca.crt vouches for, got UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    );
  });

  it('refuses certificates that are over', async () => {
    // By the same authority, made when its clock stood elsewhere.
    const { authority } = await mine.folder.ensureAuthority(1);
    const expired = await TestCertificates.make([], longAgo, 1);
    const wanted = { identity: 'controller.brickyard', purpose: 'client', days: 1 } as const;
    const pair = await issueCertificate(authority, wanted, longAgo);
    await writeFile(join(expired.controller, 'tls.crt'), pair.cert);
    await writeFile(join(expired.controller, 'tls.key'), pair.key);
    expect(await refusal({ believes: mine.controller, shows: expired.controller })).toBe(
      "expected a client certificate that the agent's ca.crt vouches for, got CERT_HAS_EXPIRED",
    );
    await expired.remove();
  });

  it('refuses other agents, who are somebody but not the controller', async () => {
    // A certificate for servers is none for clients.
    expect(await refusal({ believes: mine.controller, shows: mine.node('node-2') })).toBe(
      "expected a client certificate that the agent's ca.crt vouches for, got INVALID_PURPOSE",
    );
  });

  it('refuses clients of the same authority by another name', async () => {
    const { authority } = await mine.folder.ensureAuthority(1);
    const pair = await issueCertificate(authority, { identity: '*.brickyard', purpose: 'client', days: 1 }, realClock);
    const folder = join(mine.directory, 'stranger');
    await mkdir(folder);
    await writeFile(join(folder, 'tls.crt'), pair.cert);
    await writeFile(join(folder, 'tls.key'), pair.key);
    expect(await refusal({ believes: mine.controller, shows: folder })).toBe(
      'expected a client certificate with DNS name controller.brickyard, got DNS:*.brickyard',
    );
  });

  it('does not speak TLS 1.2', async () => {
    const caller = {
      believes: mine.controller,
      shows: mine.controller,
      options: { maxVersion: 'TLSv1.2' } as const,
    };
    await expect(ask(agent.url, caller, { method: 'GET', path: '/v1/session' })).rejects.toThrow(
      /alert protocol version/,
    );
  });

  it('says one word to probes, who have no certificate, and nothing else', async () => {
    const caller = { believes: mine.controller };
    expect(await ask(agent.url, caller, { method: 'GET', path: '/healthz' })).toEqual({ status: 200, body: 'ok\n' });
    expect(await ask(agent.url, caller, { method: 'GET', path: '/readyz' })).toEqual({ status: 200, body: 'ready\n' });
  });

  it('answers the controller', async () => {
    const caller = { believes: mine.controller, shows: mine.controller };
    const answer = await post(agent.url, caller, await operationFor(agent.url, caller, {}));
    expect(answer).toMatchObject({ status: 200, body: { state: 'finished' } });
    const elsewhere = await operationFor(agent.url, caller, { node: { id: 'node-2', manage: 'm', storage: 's' } });
    expect(refusalOf(await post(agent.url, caller, elsewhere))).toBe('wrong-node');
  });
});

describe('a client', () => {
  const outcomeWith = async (port: number, certDir: string, id = 'node-1'): Promise<string> => {
    const client = createAgentStorageNodes({ clock: realClock, random: mulberry32(1), port, certDir });
    try {
      const outcome = await client.listVolumes(nodeAt(id), forever);
      expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'node', name: id } });
      return 'reason' in outcome ? outcome.reason : '';
    } finally {
      client.close();
    }
  };
  const port = (): number => portOf(agent.url);

  it('does not believe an agent of another authority, and names the file that would have to vouch for it', async () => {
    expect(await outcomeWith(port(), others.controller)).toBe(
      `node-1: the agent at 127.0.0.1:${port()}: expected a certificate for node-1.agent.brickyard that ${others.controller}/ca.crt vouches for, got SELF_SIGNED_CERT_IN_CHAIN`,
    );
  });

  it('says what the agent has against it', async () => {
    await mine.replace(join(mine.directory, 'mixed'), others.controller);
    await copyFile(join(mine.controller, 'ca.crt'), join(mine.directory, 'mixed', 'ca.crt'));
    expect(await outcomeWith(port(), join(mine.directory, 'mixed'))).toContain(
      "expected a client certificate that the agent's ca.crt vouches for",
    );
  });

  it('does not believe an agent whose certificate is over', async () => {
    const expired = createServer(
      {
        cert: readFileSync(join(old.node('node-1'), 'tls.crt')),
        key: readFileSync(join(old.node('node-1'), 'tls.key')),
      },
      () => expect.unreachable('nothing may be sent to it'),
    ).listen(0, '127.0.0.1');
    await once(expired, 'listening');
    try {
      expect(await outcomeWith((expired.address() as AddressInfo).port, old.controller)).toContain(
        'expected a certificate for node-1.agent.brickyard that is valid now, got CERT_HAS_EXPIRED',
      );
    } finally {
      expired.close();
    }
  });

  it('names the file that is missing', async () => {
    expect(await outcomeWith(port(), '/nonexistent')).toContain('/nonexistent/tls.crt: expected a readable file');
  });

  it('waits for a node where nobody listens', async () => {
    const client = clientTo(1, mine.controller);
    const outcome = await client.startVolume(nodeAt('node-1'), 'vol_a' as never, forever);
    expect(outcome).toEqual({
      kind: 'waiting',
      on: { what: 'node', name: 'node-1' },
      reason:
        'node-1: the agent at 127.0.0.1:1 cannot be reached (ECONNREFUSED): see that the machine and its agent run, and that nothing on the way blocks the port',
    });
    client.close();
  });

  it('asks for nothing when its caller has given up already', async () => {
    const client = clientTo(port(), mine.controller);
    const begun = inner.begun.length;
    expect(await client.listVolumes(nodeAt('node-1'), { signal: AbortSignal.abort() })).toMatchObject({
      kind: 'failed',
    });
    expect(inner.begun).toHaveLength(begun);
    client.close();
  });
});

/** Every verb through client, TLS and server, with every kind of outcome; and what the server takes and refuses. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verbNames, verbs, type Verb, type VerbShape } from '../../../src/agent/protocol/verbs.ts';
import type { AgentStorageNodes } from '../../../src/agent/client/storage-nodes.ts';
import type { Agent } from '../../../src/agent/server/agent.ts';
import { deviceName } from '../../../src/domain/names.ts';
import { done, type Outcome } from '../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import { simulatedCluster } from '../../support/simulated-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { argumentsOf, outcomeOf } from '../../unit/agent/values.ts';
import {
  clientTo,
  disk,
  forever,
  nodeAt,
  portOf,
  scripted,
  startTestAgent,
  TestCertificates,
  valueOf,
  type Scripted,
} from './bench.ts';

type AnyCall = (node: NodeRef, ...rest: readonly unknown[]) => Promise<Outcome<unknown>>;

let certificates: TestCertificates;
beforeAll(async () => {
  certificates = await TestCertificates.make(['node-1', 'node-2']);
});
afterAll(() => certificates.remove());

describe('every verb', () => {
  let agent: Agent;
  let client: AgentStorageNodes;
  let inner: Scripted;
  let next: Outcome<unknown> = done([]);
  let seen: readonly unknown[] = [];

  beforeAll(async () => {
    inner = scripted(async (_verb, args) => {
      seen = args;
      return next;
    }, verbNames);
    agent = await startTestAgent({ nodes: inner.nodes, certDir: certificates.node('node-1'), retryMs: 5 });
    await waitFor('the agent is ready', () => agent.ready);
    client = clientTo(portOf(agent.url), certificates.controller);
  });
  afterAll(async () => {
    client.close();
    await agent.close(AbortSignal.abort());
  });

  it.each(verbNames)('%s reaches the node with its arguments, and its outcome comes back', async (verb) => {
    const cases = fc.tuple(argumentsOf[verb] as fc.Arbitrary<readonly unknown[]>, outcomeOf(verb));
    await fc.assert(
      fc.asyncProperty(cases, async ([args, outcome]) => {
        // The agent's configuration names one device only.
        const here = args.map((arg) => onDisk(verb, arg));
        next = outcome;
        const call = client[verb] as AnyCall;
        expect(await call(nodeAt('node-1'), ...here, forever)).toStrictEqual(outcome);
        expect(seen).toStrictEqual(here);
      }),
      { numRuns: 12 },
    );
  });

  it('refuses devices that the configuration does not name, whatever the verb, before anything runs', async () => {
    const other = deviceName('/dev/sda');
    const about = verbNames.filter((verb) => touches(verb));
    expect(about).toHaveLength(7);
    for (const verb of about) {
      const before = inner.begun.length;
      const [args] = fc.sample<readonly unknown[]>(argumentsOf[verb], { numRuns: 1, seed: 5 });
      const elsewhere = (args ?? []).map((arg) => onDisk(verb, arg, other));
      expect(await (client[verb] as AnyCall)(nodeAt('node-1'), ...elsewhere, forever)).toEqual({
        kind: 'rejected',
        reason: `node-1: ${verb}: expected a device that the agent's configuration names (/dev/vdb), got /dev/sda`,
      });
      expect(inner.begun).toHaveLength(before);
    }
  });

  it('refuses a request for another node: the client expects another certificate', async () => {
    const outcome = await client.inspectNode(nodeAt('node-2'), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'node', name: 'node-2' } });
    expect(outcome).toHaveProperty(
      'reason',
      `node-2: the agent at 127.0.0.1:${portOf(agent.url)}: expected a certificate with DNS name node-2.agent.brickyard, got DNS:node-1.agent.brickyard`,
    );
  });

  it('nothing is asked while the controller may not act', async () => {
    const { length } = inner.begun;
    const idle = clientTo(portOf(agent.url), certificates.controller, { mayAct: () => false });
    expect(await idle.listVolumes(nodeAt('node-1'), forever)).toEqual({
      kind: 'failed',
      reason: 'node-1: listVolumes: this process does not lead any more',
    });
    expect(inner.begun).toHaveLength(length);
    idle.close();
  });

  it('whether the controller may act is asked when there is a session, not before', async () => {
    const sessions: boolean[] = [];
    const mayAct = (): boolean => {
      sessions.push(true);
      return false;
    };
    const nobodyThere = clientTo(1, certificates.controller, { mayAct });
    expect(await nobodyThere.listVolumes(nodeAt('node-1'), forever)).toMatchObject({ kind: 'waiting' });
    expect(sessions).toHaveLength(0);
    nobodyThere.close();
  });

  it('a verb that throws is not known to have done nothing', async () => {
    next = undefined as unknown as Outcome<unknown>;
    expect(await client.listVolumes(nodeAt('node-1'), forever)).toMatchObject({ kind: 'unknown' });
  });
});

/** The argument, on the device that is configured if it names one. */
function onDisk(verb: Verb, arg: unknown, device = disk): unknown {
  if (!touches(verb)) {
    return arg;
  }
  if (typeof arg === 'string') {
    return device;
  }
  return typeof arg === 'object' && arg !== null && 'device' in arg ? { ...arg, device } : arg;
}

function touches(verb: Verb): boolean {
  const shape = verbs[verb] as VerbShape<Verb>;
  const [args] = fc.sample(argumentsOf[verb] as fc.Arbitrary<never>, { numRuns: 1, seed: 1 });
  return args !== undefined && shape.device(args) !== undefined;
}

describe('an agent over simulated nodes', () => {
  it('makes, lists and destroys a brick as the commands do', async () => {
    const cluster = simulatedCluster();
    const agent = await startTestAgent({ nodes: cluster.storage, certDir: certificates.node('node-1') });
    const client = clientTo(portOf(agent.url), certificates.controller);
    try {
      await waitFor('the agent is ready', () => agent.ready);
      const node = nodeAt('node-1');
      valueOf(await client.prepareDevice(node, disk, { wipe: true }, forever));
      const [[brick] = []] = fc.sample(argumentsOf.growBrick, { numRuns: 1, seed: 3 });
      const spec = { ...brick, device: disk, size: 2 ** 30, snapshotFactor: 1 } as Parameters<
        AgentStorageNodes['ensureBrick']
      >[1];
      const facts = valueOf(await client.ensureBrick(node, spec, { pristine: false }, forever));
      expect(valueOf(await client.listBricks(node, disk, forever))).toMatchObject([{ id: spec.id, path: facts.path }]);
      expect(await client.destroyBrick(node, spec, forever)).toStrictEqual(done());
      expect(valueOf(await client.listBricks(node, disk, forever))).toEqual([]);
      expect(await client.readiness(node, forever)).toMatchObject({
        node: 'node-1',
        ready: true,
        devices: [{ device: disk, facts: { device: disk } }],
      });
    } finally {
      client.close();
      await agent.close(AbortSignal.abort());
    }
  });
});

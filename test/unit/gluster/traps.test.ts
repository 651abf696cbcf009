/**
 * What gluster does that one would not expect, and what becomes of it here. Each trap was met on a real cluster
 * (docs/gluster.md lists them); where the real answer is at hand, it is the answer that is read.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { done } from '../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { VolumeSpec } from '../../../src/engine/ports.ts';
import { problemOf } from '../../../src/gluster/errors.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { readAcknowledgement, readAnswer, type Answer } from '../../../src/gluster/xml/answer.ts';
import { readVolumeCreated } from '../../../src/gluster/xml/volume-answers.ts';
import { readVolumeInfo } from '../../../src/gluster/xml/volume-info.ts';
import { nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../support/simulated-cluster.ts';
import { sample } from './samples.ts';
import { brickOf, makeBricks, prepareAll } from './verbs/volume-fixture.ts';

let cluster: SimulatedCluster;
let spec: VolumeSpec;
let via: NodeRef;

beforeEach(async () => {
  cluster = simulatedCluster({ nodes: nodeSpecs(3) });
  await prepareAll(cluster);
  spec = await makeBricks(cluster, 1);
  const [first] = cluster.nodes;
  if (first === undefined) {
    throw new Error('the cluster has no node');
  }
  via = first;
});

/** Storage nodes on which every command of gluster's answers with what a real one once did. */
const answering = (file: string) => {
  const runner: CommandRunner = { run: () => Promise.resolve(sample(file).exited) };
  return createCommandStorageNodes({ runner });
};

const problem = (answer: Answer<unknown>): string =>
  answer.kind === 'refused' ? problemOf(answer.refusal).problem : answer.kind;

const acknowledged = (file: string): string => problem(readAcknowledgement(sample(file).exited));

const traps: readonly (readonly [string, () => Promise<void> | void])[] = [
  [
    'trap 1: a refusal exits 0, a refused detach even with opRet 1, and some failures with numbers of their own',
    async () => {
      expect(sample('fail-start-no-such-volume.xml').exited.exitCode).toBe(0);
      expect(acknowledged('fail-start-no-such-volume.xml')).toBe('no-such-volume');
      expect(sample('fail-peer-detach-has-bricks.xml').exited.stdout).toContain('<opRet>1</opRet>');
      expect(acknowledged('fail-peer-detach-has-bricks.xml')).toBe('peer-has-bricks');
      expect(sample('fail-heal-info-no-such-volume.xml').exited.exitCode).toBe(254);
      const summary = answering('fail-heal-info-no-such-volume.xml').healSummary(via, spec.name, cluster.context);
      expect(await summary).toMatchObject({ kind: 'failed' });
      expect(sample('fail-quota-list-not-enabled.xml').exited.exitCode).toBe(2);
      expect(acknowledged('fail-quota-list-not-enabled.xml')).toBe('quota-off');
    },
  ],
  [
    'trap 2: some answers are plain text although XML was asked for',
    async () => {
      for (const file of ['heal-launch.xml', 'heal-launch-full.xml', 'volume-heal-statistics.xml']) {
        expect(sample(file).exited.stdout).not.toContain('<cliOutput');
        expect(acknowledged(file)).toBe('success');
      }
      expect(acknowledged('fail-unknown-command.xml')).toBe('usage');
      expect(acknowledged('fail-glusterd-not-running.xml')).toBe('glusterd-down');
      expect(acknowledged('fail-request-timed-out.xml')).toBe('timed-out');
      const heal = answering('heal-launch.xml').startHeal(via, spec.name, { full: false }, cluster.context);
      expect(await heal).toEqual(done());
      const late = answering('fail-request-timed-out.xml').volumeStatus(via, spec.name, cluster.context);
      expect(await late).toMatchObject({ kind: 'unknown' });
    },
  ],
  [
    'trap 3: the number says next to nothing, so the text decides',
    () => {
      const number = (file: string) => /<opErrno>(\d+)</.exec(sample(file).exited.stdout)?.[1];
      expect(number('fail-create-volume-exists.xml')).toBe('0');
      expect(problem(readAnswer(sample('fail-create-volume-exists.xml').exited, readVolumeCreated))).toBe(
        'volume-exists',
      );
      expect(number('fail-replace-brick-in-use.xml')).toBe('0');
      expect(acknowledged('fail-replace-brick-in-use.xml')).toBe('brick-in-use');
      expect(number('fail-delete-started.xml')).toBe(number('fail-stop-not-started.xml'));
      expect(acknowledged('fail-delete-started.xml')).toBe('still-started');
      expect(acknowledged('fail-stop-not-started.xml')).toBe('not-started');
      expect(problem(readAnswer(sample('fail-info-no-such-volume.xml').exited, readVolumeInfo))).toBe('no-such-volume');
      expect(acknowledged('fail-another-transaction-volume-lock.xml')).toBe('locked');
    },
  ],
  [
    'trap 4: a create that fails leaves its mark on bricks; they are made pristine again without force',
    async () => {
      const { storage, context, simulation, nodes } = cluster;
      const fault = simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: 'node-3' });
      expect(await storage.createVolume(via, spec, context)).toMatchObject({ kind: 'waiting' });
      simulation.faults.remove(fault);
      expect(await storage.createVolume(via, spec, context)).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining('already part of a volume') as string,
      });
      for (const [position, node] of nodes.entries()) {
        await storage.ensureBrick(node, brickOf(1, position), { pristine: true }, context);
      }
      expect(await storage.createVolume(via, spec, context)).toEqual(done());
      expect(cluster.ran.filter(({ line }) => /volume create .* force/.test(line))).toEqual([]);
    },
  ],
  [
    'trap 5: with force a success can carry the text of an error: it is kept apart, and is no failure',
    () => {
      const answer = readAnswer(sample('create-force-brick-of-deleted-volume.xml').exited, readVolumeCreated);
      expect(answer).toMatchObject({ kind: 'success', notice: '/bricks/fa/brick is already part of a volume' });
    },
  ],
  [
    'trap 6: of a brick that is missing on another node, only the files of the volume are mentioned',
    async () => {
      const [first, second, third] = spec.bricks;
      if (first === undefined || second === undefined || third === undefined) {
        throw new Error('the volume has too few bricks');
      }
      const missing = { ...spec, bricks: [first, second, { ...third, path: '/none/deep/brick' }] };
      expect(await cluster.storage.createVolume(via, missing, cluster.context)).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining('Failed to create volume files') as string,
      });
    },
  ],
  [
    'trap 7: while a peer is down a delete waits for it, by name, and the rest works',
    async () => {
      const { storage, context } = cluster;
      await storage.createVolume(via, spec, context);
      cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-3' });
      expect(await storage.startVolume(via, spec.name, context)).toEqual(done());
      expect(await storage.stopVolume(via, spec.name, context)).toEqual(done());
      expect(await storage.deleteVolume(via, spec.name, context)).toMatchObject({
        kind: 'waiting',
        on: { what: 'node', name: '10.0.0.3' },
      });
    },
  ],
  [
    'trap 8: while a cable is cut the peers see nothing and what needs them hangs: unknown at the deadline',
    async () => {
      const { storage, context, clock } = cluster;
      await storage.createVolume(via, spec, context);
      await storage.startVolume(via, spec.name, context);
      cluster.simulation.faults.add({ effect: { kind: 'cable-cut' }, node: 'node-3' });
      const peers = await storage.listPeers(via, context);
      expect(peers.kind === 'done' && peers.value.every(({ state }) => state === 'member')).toBe(true);
      const status = storage.volumeStatus(via, spec.name, context);
      await clock.advance(30_000);
      expect(await status).toMatchObject({ kind: 'unknown' });
      expect(await storage.volumeStatus(via, spec.name, context)).toMatchObject({
        kind: 'waiting',
        on: { what: 'lock', name: spec.name },
      });
    },
  ],
  [
    'trap 9: for two seconds after a start nothing can be healed: that is waited for, not a failure',
    async () => {
      const { storage, context, clock } = cluster;
      await storage.createVolume(via, spec, context);
      await storage.startVolume(via, spec.name, context);
      const heal = () => storage.startHeal(via, spec.name, { full: false }, context);
      const notYet = { kind: 'waiting', on: { what: 'condition', name: 'self-heal-not-ready' } };
      expect(await heal()).toMatchObject(notYet);
      await clock.advance(2_000);
      expect(await heal()).toEqual(done());
      for (const file of ['just-after-start', 'shd-not-running', 'one-down']) {
        const real = answering(`fail-heal-launch-${file}.xml`).startHeal(via, spec.name, { full: false }, context);
        expect(await real, file).toMatchObject(notYet);
      }
    },
  ],
  [
    'trap 10: a heal summary that meets a dead brick glues fields together, and has its verdict at the end',
    async () => {
      const { stdout } = sample('heal-info-summary-one-node-down.xml').exited;
      expect(stdout).toContain('is not connected)totalNumberOfEntries0</status>');
      expect(stdout.indexOf('<opRet>')).toBeGreaterThan(stdout.indexOf('</healInfo>'));
      const summary = answering('heal-info-summary-one-node-down.xml').healSummary(via, spec.name, cluster.context);
      expect(await summary).toEqual(
        done([
          { host: '10.77.0.1', path: '/bricks/vol0/brick', connected: true, pending: 2, splitBrain: 0 },
          { host: '10.77.0.2', path: '/bricks/vol0/brick', connected: true, pending: 2, splitBrain: 0 },
          { host: '10.77.0.3', path: '/bricks/vol0/brick', connected: false },
        ]),
      );
    },
  ],
  [
    'trap 11: without server quorum the bricks are stopped, a create is taken all the same, and changes wait',
    async () => {
      const created = readAnswer(sample('create-without-server-quorum-is-accepted.xml').exited, readVolumeCreated);
      expect(created.kind).toBe('success');
      expect(sample('volume-status-server-quorum-lost.xml').exited.stdout).toContain('<status>0</status>');
      const set = answering('fail-set-server-quorum-not-met.xml').setVolumeOptions(
        via,
        spec.name,
        [{ key: 'performance.cache-size', value: '31MB' }],
        cluster.context,
      );
      expect(await set).toMatchObject({ kind: 'waiting', on: { what: 'condition', name: 'quorum-not-met' } });
      const restart = answering('fail-start-server-quorum-not-met.xml').startVolume(via, spec.name, cluster.context);
      expect(await restart).toMatchObject({ kind: 'waiting', on: { what: 'condition', name: 'quorum-not-met' } });
    },
  ],
  [
    'trap 12: a snapshot of bricks that are not thin is refused with a number of its own',
    () => {
      expect(acknowledged('fail-snapshot-create-not-thin.xml')).toBe('not-thin');
      expect(problemOf({ opErrno: 30815, message: 'in other words' }).problem).toBe('not-thin');
    },
  ],
  [
    'trap 13: a quota that is off, or limits nothing yet, is refused in two ways that mean the same',
    () => {
      expect(acknowledged('fail-quota-list-not-enabled.xml')).toBe('quota-off');
      expect(sample('quota-list-empty.xml').exited.exitCode).toBe(0);
      expect(acknowledged('quota-list-empty.xml')).toBe('quota-off');
      expect(acknowledged('quota-list.xml')).toBe('success');
    },
  ],
];

describe('traps of gluster', () => {
  it('are all here', () => {
    expect(traps.map(([name]) => Number(/^trap (\d+): /.exec(name)?.[1]))).toEqual(
      Array.from({ length: 13 }, (_none, index) => index + 1),
    );
  });

  it.each(traps)('%s', async (_name, spring) => {
    expect.hasAssertions();
    await spring();
  });
});

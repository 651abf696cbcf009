import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/gluster/errors.ts';
import { readAcknowledgement, readAnswer, type Answer } from '../../../src/gluster/xml/answer.ts';
import { readHealInfo } from '../../../src/gluster/xml/heal-info.ts';
import { readRebalance, readRemoveBrick } from '../../../src/gluster/xml/migration.ts';
import { readPeers } from '../../../src/gluster/xml/peers.ts';
import {
  readVolumeCreated,
  readVolumeDeleted,
  readVolumeStarted,
  readVolumeStopped,
} from '../../../src/gluster/xml/volume-answers.ts';
import { readVolumeNodes } from '../../../src/gluster/xml/brick-nodes.ts';
import { readVolumeInfo } from '../../../src/gluster/xml/volume-info.ts';
import { readVolumeList } from '../../../src/gluster/xml/volume-list.ts';
import { readOptionsInForce } from '../../../src/gluster/xml/volume-options.ts';
import { readVolumeStatus } from '../../../src/gluster/xml/volume-status.ts';
import type { Exited } from '../../../src/gluster/runner.ts';
import { sample, sampleFiles } from './samples.ts';

/** Which reader takes the answer of which command. First match wins; a command without a line here fails the test. */
const readers: readonly (readonly [RegExp, (exited: Exited) => Answer<unknown>])[] = [
  [/^volume info/, (exited) => readAnswer(exited, readVolumeInfo)],
  [/^volume list/, (exited) => readAnswer(exited, readVolumeList)],
  [/^(pool list|peer status)/, (exited) => readAnswer(exited, readPeers)],
  [/^volume create/, (exited) => readAnswer(exited, readVolumeCreated)],
  [/^volume start/, (exited) => readAnswer(exited, readVolumeStarted)],
  [/^volume stop/, (exited) => readAnswer(exited, readVolumeStopped)],
  [/^volume delete/, (exited) => readAnswer(exited, readVolumeDeleted)],
  [/^volume get/, (exited) => readAnswer(exited, readOptionsInForce)],
  [/^volume status/, (exited) => readAnswer(exited, readVolumeStatus)],
  [/^volume heal \S+ info/, (exited) => readAnswer(exited, readHealInfo)],
  [/^volume rebalance/, (exited) => readAnswer(exited, readRebalance)],
  [/^volume remove-brick/, (exited) => readAnswer(exited, readRemoveBrick)],
  // Of these only yes or no matters to us.
  [/^peer (probe|detach)/, readAcknowledgement],
  [/^volume (set|reset|add-brick|replace-brick|reset-brick|heal|bitrot|frobnicate)/, readAcknowledgement],
  [/^volume (quota|profile|top)/, readAcknowledgement],
  [/^snapshot (create|config|list)/, readAcknowledgement],
];

function read(file: string, gluster?: 10 | 11): Answer<unknown> {
  const { words, exited } = sample(file, gluster);
  const line = words.join(' ');
  const reader = readers.find(([pattern]) => pattern.test(line))?.[1];
  if (reader === undefined) {
    throw new Error(`no reader for: ${line}`);
  }
  return reader(exited);
}

/** Samples that gluster refused although their names do not say so. */
const refusedByContent = new Set([
  'concurrent-create-same-name-2.xml',
  'concurrent-create-same-name-3.xml',
  'create-retry-after-peer-not-in-cluster.xml',
  'quota-list-empty.xml',
  'volume-status-two-down.xml',
]);

const isRefused = (file: string): boolean => file.startsWith('fail-') || refusedByContent.has(file);

describe.each([
  [10, 177],
  [11, 10],
] as const)('every real answer of glusterfs %i', (gluster, atLeast) => {
  const files = sampleFiles(gluster);

  it('has samples to read at all', () => {
    expect(files.length).toBeGreaterThanOrEqual(atLeast);
  });

  it.each(files)('%s reads as success or refusal, never as unreadable', (file) => {
    expect(read(file, gluster)).toMatchObject({ kind: isRefused(file) ? 'refused' : 'success' });
  });

  it.each(files.filter(isRefused))('%s is a refusal whose meaning is known', (file) => {
    const answer = read(file, gluster);
    const problem = answer.kind === 'refused' ? problemOf(answer.refusal).problem : answer.kind;
    expect(problem).not.toBe('other');
  });
});

describe('torn and foreign output', () => {
  const exited = (stdout: string, exitCode = 0, stderr = ''): Exited => ({ kind: 'exited', exitCode, stdout, stderr });

  it('an answer cut off in the middle is unreadable, not half a volume', () => {
    const whole = sample('volume-info-one.xml').exited.stdout;
    for (const length of [0, 40, 300, whole.trimEnd().length - 1]) {
      expect(readAnswer(exited(whole.slice(0, length)), readVolumeInfo).kind).toBe('unreadable');
    }
  });

  it('an answer of another shape is unreadable and says which field is wrong', () => {
    const answer = readAnswer(sample('volume-list.xml').exited, readVolumeInfo);
    expect(answer).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('volInfo') as string });
  });

  it('a failure without a word names the exit code', () => {
    expect(readAnswer(exited('', 7), readVolumeList)).toEqual({
      kind: 'refused',
      refusal: { message: 'exit code 7 without a word' },
    });
  });

  it('names of digits stay text', () => {
    const text = sample('volume-list.xml').exited.stdout.replace('vol0', '0123').replace('vol1', '1e5');
    expect(readAnswer(exited(text), readVolumeList)).toMatchObject({
      value: ['0123', '1e5', 'vol2', 'vol3', 'vol4', 'vol5'],
    });
  });
});

describe('what the answers say', () => {
  it('volume info of all: on which nodes the bricks are', () => {
    const answer = readAnswer(sample('volume-info-all.xml').exited, readVolumeNodes);
    const volumes = answer.kind === 'success' ? answer.value : [];
    expect(volumes.map(({ nodes }) => nodes.length)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(volumes[0]?.nodes[0]).toEqual({ host: '10.77.0.1', uuid: '0c90db04-99f5-4ec1-bb8b-0326f8a34802' });
    expect(readAnswer(sample('volume-info-empty.xml').exited, readVolumeNodes)).toMatchObject({ value: [] });
  });

  it('volume info: bricks in order, options, numbers of copies', () => {
    expect(read('volume-info-arbiter.xml')).toMatchObject({
      value: [
        {
          name: 'arbiter0',
          uuid: '2fcfff09-ea67-42b7-b150-b308f5f972aa',
          status: 'started',
          replicaCount: 3,
          arbiterCount: 1,
          bricks: [
            { host: '10.77.0.1', path: '/bricks/arbiter0/brick', arbiter: false },
            { host: '10.77.0.2', path: '/bricks/arbiter0/brick', arbiter: false },
            { host: '10.77.0.3', path: '/bricks/arbiter0/brick', arbiter: true },
          ],
        },
      ],
    });
    const stopped = readAnswer(sample('volume-info-stopped.xml').exited, readVolumeInfo);
    expect(
      stopped.kind === 'success' ? stopped.value.map(({ status, options }) => [status, options.size]) : [],
    ).toEqual([['stopped', 8]]);
    const many = readAnswer(sample('volume-info-201-volumes.xml').exited, readVolumeInfo);
    expect(many.kind === 'success' ? new Set(many.value.map(({ name }) => name)).size : 0).toBe(201);
  });

  it.each([
    ['Peer in Cluster', '1', 'member'],
    ['Peer in Cluster', '0', 'disconnected'],
    ['Peer Rejected', '1', 'rejected'],
    ['Peer Rejected', '0', 'rejected'],
    ['Establishing Connection', '0', 'unsettled'],
    ['Probe Sent to Peer', '1', 'unsettled'],
    ['Probe Received from Peer', '1', 'unsettled'],
    ['Accepted peer request', '1', 'unsettled'],
    ['Sent and Received peer request', '1', 'unsettled'],
    ['Peer detach in progress', '1', 'unsettled'],
    ['Probe Received from peer', '1', 'unsettled'],
    ['Connected to Peer', '1', 'unsettled'],
    ['Peer is connected and Accepted', '1', 'unsettled'],
    ['Invalid State', '0', 'unsettled'],
    ['A word of a later version', '1', 'unsettled'],
  ])('pool list: %s, connected %s, is %s', (word, connected, state) => {
    const { exited } = sample('pool-list-six.xml');
    const stdout = exited.stdout
      .replace('<stateStr>Peer Rejected', `<stateStr>${word}`)
      .replace(/(10\.77\.0\.6<\/hostname>[^]*?<connected>)\d/, `$1${connected}`);
    const answer = readAnswer({ ...exited, stdout }, readPeers);
    const peers = answer.kind === 'success' ? answer.value : [];
    expect(peers.find(({ hosts }) => hosts.includes('10.77.0.6'))).toMatchObject({ state });
  });

  it('pool list: who is a member, and who is rejected', () => {
    const answer = readAnswer(sample('pool-list-six.xml').exited, readPeers);
    const peers = answer.kind === 'success' ? answer.value : [];
    expect(peers.map(({ hosts, state }) => [hosts[0], state])).toEqual([
      ['10.77.0.2', 'member'],
      ['10.77.0.3', 'member'],
      ['10.77.0.4', 'member'],
      ['10.77.0.5', 'member'],
      ['10.77.0.6', 'rejected'],
      ['localhost', 'member'],
    ]);
    expect(read('pool-list-one-down.xml')).toMatchObject({
      value: [{ state: 'member' }, { state: 'disconnected' }, { state: 'member' }],
    });
  });

  it('heal info summary: a dead brick has no number of entries, and no field glued to its status', () => {
    const answer = readAnswer(sample('heal-info-summary-one-node-down.xml').exited, readHealInfo);
    expect(answer.kind === 'success' ? answer.value[2] : answer).toEqual({
      host: '10.77.0.3',
      path: '/bricks/vol0/brick',
      connected: false,
      status: 'Failed to process entries completely. (Transport endpoint is not connected)',
    });
    expect(read('heal-info-summary-healing.xml')).toMatchObject({
      value: [{ entries: 2, splitBrain: 0 }, { entries: 2 }, { entries: 0 }],
    });
  });

  it('volume status: bricks apart from daemons, sizes with detail', () => {
    expect(read('volume-status-detail-one.xml')).toMatchObject({
      value: [{ name: 'vol5', bricks: [{ online: true, size: 1_006_632_960, free: 965_529_600 }, {}, {}] }],
    });
    expect(read('volume-status-server-quorum-lost.xml')).toMatchObject({
      value: [{ bricks: [{ online: false, port: undefined }], daemons: [{ service: 'Self-heal Daemon' }] }],
    });
    expect(read('volume-status-during-remove-brick.xml')).toMatchObject({
      value: [{ tasks: [{ type: 'Remove brick', status: 'in progress' }] }],
    });
  });

  it('volume status of gluster 11: bricks are found whatever daemons stand between them, and in whatever shape', () => {
    const exited = sample('volume-status-one.xml').exited;
    const nodes = [...exited.stdout.matchAll(/ *<node>.*?<\/node>\n/gs)].map(([node]) => node);
    expect(nodes).toHaveLength(6);
    const [a = '', b = '', c = '', d = '', e = '', f = ''] = nodes;
    const odd = f.replace(/<peerid>.*<\/pid>/s, '<hostname>Bitrot Daemon</hostname><path>10.77.0.2</path>');
    const stdout = exited.stdout.replace(nodes.join(''), [d, a, odd, c, e, b].join(''));
    const answer = readAnswer({ ...exited, stdout }, readVolumeStatus);
    expect(answer).toMatchObject({
      value: [
        {
          bricks: [{ host: '10.77.0.1', online: true }, { host: '10.77.0.3' }, { host: '10.77.0.2' }],
          daemons: [{ host: 'localhost', online: true }, { host: '10.77.0.3' }],
        },
      ],
    });
  });

  it('volume status with a brick that does not read is unreadable, not a brick less', () => {
    const exited = sample('volume-status-one.xml').exited;
    const stdout = exited.stdout.replace('<status>1</status>', '<status>maybe</status>');
    expect(readAnswer({ ...exited, stdout }, readVolumeStatus)).toMatchObject({
      kind: 'unreadable',
      reason: expect.stringContaining('status') as string,
    });
  });

  it('rebalance and remove-brick: progress per node and in all', () => {
    expect(read('rebalance-status-completed.xml')).toMatchObject({
      value: { taskId: '3064f1d1-d9f8-4d4f-9142-cb5caa7411fc', total: { files: 35, status: 'completed' } },
    });
    expect(read('remove-brick-status-running.xml')).toMatchObject({
      value: { nodes: [{ host: '10.77.0.4' }, {}, {}], total: { status: 'in progress' } },
    });
    expect(read('remove-brick-force.xml')).toMatchObject({ value: { nodes: [] } });
  });

  it('with force, a success can carry the text of an error', () => {
    expect(read('create-force-brick-of-deleted-volume.xml')).toMatchObject({
      kind: 'success',
      value: { name: 'fnew' },
      notice: '/bricks/fa/brick is already part of a volume',
    });
  });

  it('volume get: value and whether it is a default', () => {
    expect(read('volume-get-brick-mux.xml')).toMatchObject({
      value: [{ key: 'cluster.brick-multiplex', value: 'disable', byDefault: true }],
    });
    expect(read('volume-get-one.xml')).toMatchObject({ value: [{ value: '10', byDefault: false }] });
  });
});

describe('what refusals mean', () => {
  it.each([
    ['fail-create-volume-exists.xml', 'volume-exists', 'fa'],
    ['concurrent-create-same-name-2.xml', 'volume-exists', 'dup'],
    ['fail-info-no-such-volume.xml', 'no-such-volume', undefined],
    ['fail-delete-no-such-volume.xml', 'no-such-volume', 'nosuch'],
    ['fail-heal-info-no-such-volume.xml', 'no-such-volume', 'nosuch'],
    ['fail-start-already-started.xml', 'already-started', 'fa'],
    ['fail-stop-not-started.xml', 'not-started', 'fa'],
    ['fail-volume-status-not-started.xml', 'not-started', 'vol1'],
    ['fail-delete-started.xml', 'still-started', 'fa'],
    ['fail-another-transaction-volume-lock.xml', 'locked', 'vol0'],
    ['fail-another-transaction-global-lock.xml', 'locked', undefined],
    ['volume-status-two-down.xml', 'locked', 'vol0'],
    ['fail-create-peer-disconnected.xml', 'peer-down', '10.77.0.3'],
    ['fail-delete-while-peer-down.xml', 'peer-down', undefined],
    ['fail-create-peer-not-in-cluster.xml', 'not-a-peer', '10.77.0.99'],
    ['fail-create-unknown-hostname.xml', 'not-a-peer', 'nosuchhost.example'],
    ['fail-peer-detach-not-in-cluster.xml', 'not-a-peer', '10.77.0.99'],
    ['fail-peer-detach-has-bricks.xml', 'peer-has-bricks', '10.77.0.2'],
    ['fail-peer-probe-unreachable.xml', 'probe-failed', undefined],
    ['fail-set-server-quorum-not-met.xml', 'quorum-not-met', undefined],
    ['fail-create-brick-in-use.xml', 'brick-in-use', '10.77.0.1:/bricks/fa/brick'],
    ['fail-replace-brick-in-use.xml', 'brick-in-use', '10.77.0.2:/bricks/fa/brick'],
    ['create-retry-after-peer-not-in-cluster.xml', 'brick-marked', '/bricks/fc/brick'],
    ['fail-create-brick-of-deleted-volume.xml', 'brick-marked', '/bricks/fa/brick'],
    ['fail-create-brick-parent-missing.xml', 'brick-missing', '10.77.0.1:/bricks/nosuch/deep/brick'],
    ['fail-create-brick-is-mount-point.xml', 'brick-is-mount-point', '10.77.0.1:/bricks/fd'],
    ['fail-create-brick-on-root-partition.xml', 'brick-on-root-partition', '10.77.0.1:/var/tmp/rootbrick/b'],
    ['fail-create-two-bricks-of-a-set-on-one-node.xml', 'set-on-one-node', undefined],
    ['fail-create-replica-count-mismatch.xml', 'volume-files-failed', undefined],
    ['fail-add-brick-count.xml', 'wrong-brick-count', undefined],
    ['fail-remove-brick-count.xml', 'wrong-brick-count', undefined],
    ['fail-replace-brick-no-such-brick.xml', 'no-such-brick', '10.77.0.1:/bricks/none/brick'],
    ['fail-set-unknown-option.xml', 'bad-option', 'no.such-option'],
    ['fail-set-bad-value.xml', 'bad-option', 'ping-timeout'],
    ['fail-heal-launch-just-after-start.xml', 'self-heal-not-ready', undefined],
    ['fail-heal-full-shd-not-running.xml', 'self-heal-not-ready', undefined],
    ['fail-heal-launch-one-down.xml', 'self-heal-not-ready', undefined],
    ['fail-heal-launch-disabled.xml', 'self-heal-disabled', undefined],
    ['fail-heal-launch-not-started.xml', 'not-started', undefined],
    ['fail-heal-info-not-started.xml', 'no-brick-answers', 'd1'],
    ['fail-heal-info-not-redundant.xml', 'not-redundant', 'd1'],
    ['fail-replace-brick-not-started.xml', 'not-started', 'd1'],
    ['fail-replace-brick-not-redundant.xml', 'not-redundant', undefined],
    ['fail-replace-brick-unknown-peer.xml', 'refused-without-reason', undefined],
    ['fail-replace-brick-peer-down.xml', 'peer-down', '10.77.0.3'],
    ['fail-replace-brick-parent-missing.xml', 'brick-missing', '10.77.0.2:/run/bricks/none/x/brick'],
    ['fail-replace-brick-in-use-by-another-volume.xml', 'brick-in-use', '10.77.0.2:/run/bricks/2/brick'],
    ['fail-reset-brick-not-started.xml', 'reset-not-started', undefined],
    ['fail-reset-brick-no-such-brick.xml', 'no-such-brick', '10.77.0.3:/run/bricks/9/brick'],
    ['fail-reset-brick-commit-peer-down.xml', 'peer-down', '10.77.0.3'],
    ['fail-peer-detach-self.xml', 'peer-is-self', '10.77.0.1'],
    ['fail-peer-detach-down-with-bricks.xml', 'peer-has-bricks', '10.77.0.3'],
    ['fail-peer-detach-another-peer-down.xml', 'peer-down', undefined],
    ['fail-rebalance-status-never-started.xml', 'not-distributed', undefined],
    ['fail-rebalance-already-started.xml', 'migration-running', 'e0'],
    ['fail-remove-brick-commit-in-progress.xml', 'migration-running', undefined],
    ['fail-snapshot-create-not-thin.xml', 'not-thin', undefined],
    ['fail-quota-list-not-enabled.xml', 'quota-off', undefined],
    ['fail-request-timed-out.xml', 'timed-out', undefined],
    ['fail-glusterd-not-running.xml', 'glusterd-down', undefined],
    ['fail-create-usage.xml', 'usage', undefined],
    ['fail-create-bad-name.xml', 'usage', undefined],
    ['fail-unknown-command.xml', 'usage', undefined],
  ] as const)('%s means %s', (file, problem, subject) => {
    const answer = read(file);
    expect(answer.kind === 'refused' ? problemOf(answer.refusal) : answer).toMatchObject(
      subject === undefined ? { problem } : { problem, subject },
    );
  });

  it('a volume of which no brick answers is not taken for one that nobody has started', () => {
    const message = 'Volume v is not started (Or) All the bricks are not running.';
    expect(problemOf({ opErrno: 107, message })).toMatchObject({ problem: 'no-brick-answers', subject: 'v' });
  });

  it.each([
    ['10.77.0.3 is part of existing snapshot. Remove those snapshots before proceeding ', 'peer-has-bricks'],
    [
      'Failed to get extended attribute trusted.glusterfs.volume-id for brick dir /run/b/brick. Reason : No data available',
      'brick-unmarked',
    ],
    ['Locking failed on 10.77.0.2. Please check log file for details.\nLocking failed on node-1.', 'locked'],
    ['Cluster quorum is not met. Changing peers is not allowed in this state', 'quorum-not-met'],
  ])('%s', (message, meaning) => {
    expect(problemOf({ opErrno: 0, message }).problem).toBe(meaning);
  });

  it.each([
    ['Pre Validation failed on 10.77.0.3. Please check log file for details.', 'member-silent', '10.77.0.3'],
    ['Staging failed on 10.77.0.3. Please check log file for details.', 'member-silent', '10.77.0.3'],
    ['Staging failed on localhost. Please check the log file for more details.', 'refused-without-reason', undefined],
    ['Commit failed on 10.77.0.3. Please check log file for details.', 'half-done', '10.77.0.3'],
    ['Commit failed on 10.77.0.3. Error: Volume v does not exist', 'half-done', '10.77.0.3'],
    ['Post Validation failed on 10.77.0.3. Please check log file for details.', 'half-done', '10.77.0.3'],
    ['Commit failed on localhost. Please check the log file for more details.', 'refused-without-reason', undefined],
    ['Staging failed on 10.77.0.2. Error: Host 10.77.0.3 not connected', 'peer-down', '10.77.0.3'],
    ['Staging failed on 10.77.0.2. Error: Volume v already exists', 'volume-exists', 'v'],
    ['Staging failed on 10.77.0.2. Error: Volume v does not exist', 'members-differ', '10.77.0.2'],
    ['Staging failed on localhost. Error: Volume v does not exist', 'no-such-volume', 'v'],
    [
      'Staging failed on 10.77.0.2. Please check log file for details.\n' +
        'Staging failed on 10.77.0.3. Error: /run/b/brick is already part of a volume',
      'brick-marked',
      '/run/b/brick',
    ],
    [
      'Staging failed on 10.77.0.2. Error: one line\nVolume v does not exist\n' +
        'Commit failed on 10.77.0.3. Please check log file for details.',
      'half-done',
      '10.77.0.3',
    ],
  ] as const)('what a member says, and when: %s', (message, problem, subject) => {
    expect(problemOf({ opErrno: 30800, message })).toEqual(
      subject === undefined ? { problem, message } : { problem, subject, message },
    );
  });

  it('a refusal without any text says so, and its number counts if it means something', () => {
    expect(problemOf({ opErrno: 30800, message: '' })).toEqual({
      problem: 'without-a-word',
      message: 'refused without a word (error number 30800)',
    });
    expect(problemOf({ opErrno: 30806, message: '' }).problem).toBe('no-such-volume');
  });

  it('a lock is recognised by its number when the text changes', () => {
    expect(problemOf({ opErrno: 30802, message: 'busy' }).problem).toBe('locked');
  });

  it('what nobody has seen yet is other, with its text kept', () => {
    expect(problemOf({ opErrno: 30800, message: 'the moon is full' })).toEqual({
      problem: 'other',
      message: 'the moon is full',
    });
  });
});

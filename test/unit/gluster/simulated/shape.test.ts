/** The simulated glusterd answers in the shape of the real one: the same elements at the same places, in the same order. */
import { XMLParser } from 'fast-xml-parser';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NodeRef } from '../../../../src/domain/topology.ts';
import type { FaultSpec } from '../../../../src/gluster/simulated/faults.ts';
import { simulatedCluster, nodeSpecs, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { sample } from '../samples.ts';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  ignorePiTags: true,
  ignoreDeclaration: true,
});

type Tree = readonly Readonly<Record<string, unknown>>[];

/** Every element and attribute path in the order of its first appearance. Values are left out. */
function pathsOf(text: string): readonly string[] {
  const paths = new Set<string>();
  const walk = (nodes: Tree, parent: string): void => {
    for (const [name, children] of nodes.flatMap((node) => Object.entries(node))) {
      if (name === ':@') {
        Object.keys(children as object).forEach((attribute) => paths.add(`${parent}/*${attribute}`));
      } else if (name !== '#text') {
        paths.add(`${parent}/${name}`);
        walk(children as Tree, `${parent}/${name}`);
      }
    }
  };
  walk(parser.parse(text) as Tree, '');
  return [...paths];
}

/** What stands in elements that say which kind of answer it is. */
function valuesOf(text: string): readonly (string | undefined)[] {
  return ['opRet', 'opErrno', 'cliOp', 'output', 'statusStr', 'typeStr', 'status', 'type'].map(
    (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1],
  );
}

let cluster: SimulatedCluster;

beforeEach(async () => {
  cluster = simulatedCluster({ nodes: nodeSpecs(6) });
  for (const node of cluster.nodes) {
    await run(node, 'pvcreate', '/dev/vdb');
    await run(node, 'vgcreate', '--physicalextentsize', '4M', 'vg', '/dev/vdb');
    const sizes = ['--size', '1G', '--poolmetadatasize', '8M', '--virtualsize', '1G'];
    await run(node, 'lvcreate', '--thin', ...sizes, '--name', 'b', 'vg/tp');
    await run(node, 'mkfs.xfs', '-q', '-i', 'size=512', '-n', 'size=8192', '/dev/mapper/vg-b');
    await run(node, 'mkdir', '--parents', '/bricks');
    await run(node, 'mount', '--types', 'xfs', '--options', 'rw', '/dev/mapper/vg-b', '/bricks');
  }
});

async function run(node: NodeRef, ...argv: readonly string[]): Promise<string> {
  const result = await cluster.simulation.runner.run(node, { argv, deadlineMs: 1_000 }, cluster.context);
  if (result.kind !== 'exited' || result.exitCode === 127) {
    throw new Error(`${argv.join(' ')}: ${JSON.stringify(result)}`);
  }
  return result.stdout;
}

const gluster = (words: string): Promise<string> => {
  const [first] = cluster.nodes;
  if (first === undefined) {
    throw new Error('the cluster has no node');
  }
  return run(first, 'gluster', '--xml', '--mode=script', ...words.split(' '));
};

const bricks = (name: string, nodes: number): string =>
  Array.from({ length: nodes }, (_none, index) => `10.0.0.${index + 1}:/bricks/${name}`).join(' ');

/** The last three of six nodes, as a second set of three. */
const second = (name: string): string => [4, 5, 6].map((node) => `10.0.0.${node}:/bricks/${name}`).join(' ');
const twoSets: readonly string[] = [
  `volume create v replica 3 ${bricks('v', 3)}`,
  'volume start v',
  `volume add-brick v ${second('v')}`,
];

const running: readonly string[] = twoSets.slice(0, 2);
const replaced = 'volume replace-brick v 10.0.0.3:/bricks/v 10.0.0.4:/bricks/v commit force';

/** Milliseconds that a movement of files takes, and then some. */
const moved = 10_000;

/** Real answer, what leads up to it in the simulation (or how long it waits), the command, and a fault that it needs. */
const cases: readonly (readonly [string, readonly (string | number)[], string, FaultSpec?])[] = [
  ['volume-create.xml', [], `volume create v replica 3 ${bricks('v', 3)}`],
  [
    'fail-create-volume-exists.xml',
    [`volume create v replica 3 ${bricks('v', 3)}`],
    `volume create v ${bricks('w', 3)}`,
  ],
  [
    'fail-create-brick-in-use.xml',
    [`volume create w replica 3 ${bricks('v', 3)}`],
    `volume create v ${bricks('v', 3)}`,
  ],
  [
    'fail-create-brick-of-deleted-volume.xml',
    [`volume create v replica 3 ${bricks('v', 3)}`, 'volume delete v'],
    `volume create w replica 3 ${bricks('v', 3)}`,
  ],
  ['fail-create-brick-parent-missing.xml', [], 'volume create v 10.0.0.1:/bricks/none/v'],
  ['fail-create-brick-is-mount-point.xml', [], 'volume create v 10.0.0.1:/bricks'],
  ['fail-create-brick-on-root-partition.xml', [], 'volume create v 10.0.0.1:/root'],
  ['fail-create-peer-not-in-cluster.xml', [], 'volume create v 10.0.0.1:/bricks/v 10.0.0.99:/bricks/v'],
  [
    'create-retry-after-peer-not-in-cluster.xml',
    ['volume create v 10.0.0.1:/bricks/v 10.0.0.99:/bricks/v'],
    `volume create v replica 3 ${bricks('v', 3)}`,
  ],
  [
    'fail-create-peer-disconnected.xml',
    [],
    `volume create v replica 3 ${bricks('v', 3)}`,
    { effect: { kind: 'power-off' }, node: 'node-3' },
  ],
  [
    'fail-create-two-bricks-of-a-set-on-one-node.xml',
    [],
    'volume create v replica 2 10.0.0.1:/bricks/a 10.0.0.1:/bricks/b',
  ],
  ['fail-create-replica-count-mismatch.xml', [], `volume create v replica 3 ${bricks('v', 2)}`],
  ['volume-start.xml', [`volume create v replica 3 ${bricks('v', 3)}`], 'volume start v'],
  [
    'fail-start-already-started.xml',
    [`volume create v replica 3 ${bricks('v', 3)}`, 'volume start v'],
    'volume start v',
  ],
  ['fail-start-no-such-volume.xml', [], 'volume start v'],
  ['volume-stop.xml', [`volume create v replica 3 ${bricks('v', 3)}`, 'volume start v'], 'volume stop v'],
  ['fail-stop-not-started.xml', [`volume create v replica 3 ${bricks('v', 3)}`], 'volume stop v'],
  ['fail-stop-no-such-volume.xml', [], 'volume stop v'],
  ['volume-delete.xml', [`volume create v replica 3 ${bricks('v', 3)}`], 'volume delete v'],
  ['fail-delete-started.xml', [`volume create v replica 3 ${bricks('v', 3)}`, 'volume start v'], 'volume delete v'],
  ['fail-delete-no-such-volume.xml', [], 'volume delete v'],
  [
    'fail-delete-while-peer-down.xml',
    [`volume create v replica 3 ${bricks('v', 3)}`],
    'volume delete v',
    { effect: { kind: 'glusterd-down' }, node: 'node-6' },
  ],
  ['volume-set.xml', [`volume create v replica 3 ${bricks('v', 3)}`], 'volume set v performance.cache-size 64MB'],
  ['fail-set-unknown-option.xml', [`volume create v replica 3 ${bricks('v', 3)}`], 'volume set v no.such-option 1'],
  ['fail-set-bad-value.xml', [`volume create v replica 3 ${bricks('v', 3)}`], 'volume set v network.ping-timeout abc'],
  ['fail-set-no-such-volume.xml', [], 'volume set v network.ping-timeout 10'],
  ['volume-info-one.xml', [`volume create v replica 3 ${bricks('v', 3)}`, 'volume start v'], 'volume info v'],
  [
    'volume-info-stopped.xml',
    [`volume create v replica 3 ${bricks('v', 3)}`, 'volume start v', 'volume stop v'],
    'volume info v',
  ],
  [
    'volume-info-arbiter.xml',
    [`volume create v replica 3 arbiter 1 ${bricks('v', 3)}`, 'volume start v'],
    'volume info v',
  ],
  [
    'volume-info-disperse.xml',
    [`volume create v disperse 6 redundancy 2 ${bricks('v', 6)}`, 'volume start v'],
    'volume info v',
  ],
  ['volume-info-distrep.xml', [`volume create v replica 3 ${bricks('v', 6)}`, 'volume start v'], 'volume info v'],
  ['volume-info-distribute.xml', [`volume create v ${bricks('v', 3)}`, 'volume start v'], 'volume info v'],
  ['fail-info-no-such-volume.xml', [], 'volume info v'],
  [
    'volume-info-all.xml',
    [`volume create v replica 3 ${bricks('v', 3)}`, `volume create w replica 3 ${bricks('w', 3)}`, 'volume start v'],
    'volume info',
  ],
  ['volume-info-empty.xml', [], 'volume info'],
  ['volume-list.xml', [`volume create v ${bricks('v', 3)}`, `volume create w ${bricks('w', 3)}`], 'volume list'],
  ['volume-list-empty.xml', [], 'volume list'],
  ['add-brick.xml', twoSets.slice(0, 2), `volume add-brick v ${second('v')}`],
  ['fail-add-brick-count.xml', twoSets.slice(0, 2), `volume add-brick v ${bricks('w', 2)}`],
  ['rebalance-start.xml', twoSets, 'volume rebalance v start'],
  ['rebalance-status-running.xml', [...twoSets, 'volume rebalance v start'], 'volume rebalance v status'],
  ['rebalance-status-completed.xml', [...twoSets, 'volume rebalance v start', moved], 'volume rebalance v status'],
  ['fail-rebalance-already-started.xml', [...twoSets, 'volume rebalance v start'], 'volume rebalance v start'],
  ['fail-rebalance-start-not-distribute.xml', twoSets.slice(0, 2), 'volume rebalance v start'],
  ['fail-rebalance-not-distribute.xml', twoSets.slice(0, 2), 'volume rebalance v start'],
  ['fail-rebalance-status-never-started.xml', twoSets.slice(0, 2), 'volume rebalance v status'],
  ['remove-brick-start.xml', twoSets, `volume remove-brick v ${second('v')} start`],
  [
    'remove-brick-status-running.xml',
    [...twoSets, `volume remove-brick v ${second('v')} start`],
    `volume remove-brick v ${second('v')} status`,
  ],
  [
    'remove-brick-status-completed.xml',
    [...twoSets, `volume remove-brick v ${second('v')} start`, moved],
    `volume remove-brick v ${second('v')} status`,
  ],
  [
    'fail-remove-brick-commit-in-progress.xml',
    [...twoSets, `volume remove-brick v ${second('v')} start`],
    `volume remove-brick v ${second('v')} commit`,
  ],
  [
    'remove-brick-commit.xml',
    [...twoSets, `volume remove-brick v ${second('v')} start`, moved],
    `volume remove-brick v ${second('v')} commit`,
  ],
  ['fail-remove-brick-count.xml', twoSets, `volume remove-brick v ${bricks('v', 2)} start`],
  ['fail-remove-brick-status-never-started.xml', twoSets.slice(0, 2), `volume remove-brick v ${bricks('v', 3)} status`],
  ['pool-list.xml', [], 'pool list'],
  ['pool-list-one-down.xml', [], 'pool list', { effect: { kind: 'glusterd-down' }, node: 'node-3' }],
  ['peer-probe-already.xml', [], 'peer probe 10.0.0.2'],
  ['peer-probe-self.xml', [], 'peer probe 10.0.0.1'],
  ['fail-peer-probe-unknown-host.xml', [], 'peer probe nosuchhost.example'],
  ['peer-detach.xml', [], 'peer detach 10.0.0.6'],
  ['fail-peer-detach-not-in-cluster.xml', [], 'peer detach 10.0.0.99'],
  ['fail-peer-detach-self.xml', [], 'peer detach 10.0.0.1'],
  ['fail-peer-detach-has-bricks.xml', running, 'peer detach 10.0.0.2'],
  [
    'fail-peer-detach-another-peer-down.xml',
    [],
    'peer detach 10.0.0.2',
    { effect: { kind: 'glusterd-down' }, node: 'node-6' },
  ],
  ['start-force-already-started.xml', running, 'volume start v force'],
  ['volume-status-one.xml', running, 'volume status v'],
  ['volume-status-distribute.xml', [`volume create v ${bricks('v', 3)}`, 'volume start v'], 'volume status v'],
  ['volume-status-one-node-down.xml', running, 'volume status v', { effect: { kind: 'power-off' }, node: 'node-3' }],
  ['fail-volume-status-not-started.xml', running.slice(0, 1), 'volume status v'],
  ['fail-status-no-such-volume.xml', [], 'volume status v'],
  ['heal-info-summary-clean.xml', running, 'volume heal v info summary'],
  ['heal-info-summary-after-replace-brick.xml', [...running, replaced], 'volume heal v info summary'],
  [
    'heal-info-summary-one-node-down.xml',
    running,
    'volume heal v info summary',
    { effect: { kind: 'power-off' }, node: 'node-3' },
  ],
  ['fail-heal-info-no-such-volume.xml', [], 'volume heal v info summary'],
  ['fail-heal-info-not-started.xml', running.slice(0, 1), 'volume heal v info summary'],
  [
    'fail-heal-info-not-redundant.xml',
    [`volume create v ${bricks('v', 3)}`, 'volume start v'],
    'volume heal v info summary',
  ],
  ['replace-brick.xml', running, replaced],
  ['fail-replace-brick-no-such-brick.xml', [...running, replaced], replaced],
  ['fail-replace-brick-not-started.xml', running.slice(0, 1), replaced],
  ['fail-replace-brick-not-redundant.xml', [`volume create v ${bricks('v', 3)}`, 'volume start v'], replaced],
  ['fail-replace-brick-in-use-by-another-volume.xml', [...running, 'volume create w 10.0.0.4:/bricks/v'], replaced],
  ['fail-replace-brick-unknown-peer.xml', running, replaced.replace('10.0.0.4', '10.0.0.99')],
  ['fail-replace-brick-parent-missing.xml', running, replaced.replace('4:/bricks/v', '4:/bricks/none/v')],
  ['fail-replace-brick-peer-down.xml', running, replaced, { effect: { kind: 'glusterd-down' }, node: 'node-4' }],
  ['reset-brick-start.xml', running, 'volume reset-brick v 10.0.0.3:/bricks/v start'],
  [
    'reset-brick-commit.xml',
    [...running, 'volume reset-brick v 10.0.0.3:/bricks/v start'],
    'volume reset-brick v 10.0.0.3:/bricks/v 10.0.0.3:/bricks/v commit force',
  ],
  [
    'fail-reset-brick-not-started.xml',
    running,
    'volume reset-brick v 10.0.0.3:/bricks/v 10.0.0.3:/bricks/v commit force',
  ],
  ['fail-reset-brick-no-such-brick.xml', running, 'volume reset-brick v 10.0.0.3:/bricks/none start'],
  [
    'reset-brick-start-peer-down.xml',
    running,
    'volume reset-brick v 10.0.0.3:/bricks/v start',
    { effect: { kind: 'glusterd-down' }, node: 'node-3' },
  ],
  [
    'fail-reset-brick-commit-peer-down.xml',
    running,
    'volume reset-brick v 10.0.0.3:/bricks/v 10.0.0.3:/bricks/v commit force',
    { effect: { kind: 'glusterd-down' }, node: 'node-3' },
  ],
];

describe('answers of the simulated glusterd', () => {
  it.each(cases.map(([file, before, words, fault]) => ({ file, before, words, fault })))(
    'have the elements of $file',
    async ({ file, before, words, fault }) => {
      for (const each of before) {
        await (typeof each === 'number' ? cluster.clock.advance(each) : gluster(each));
      }
      if (fault !== undefined) {
        cluster.simulation.faults.add(fault);
      }
      const answer = await gluster(words);
      const real = sample(file).exited.stdout;
      expect(pathsOf(answer)).toEqual(pathsOf(real));
      const output = (values: readonly (string | undefined)[]) =>
        values.map((value) =>
          value?.replaceAll(/10\.(?:77\.)?0\.0?\.?\d+/g, 'HOST').replaceAll(/ [0-9a-z]+ (?=is|does)/g, ' NAME '),
        );
      expect(output(valuesOf(answer))).toEqual(output(valuesOf(real)));
    },
  );

  it.each([
    ['heal-launch.xml', 'volume heal v', running, moved],
    ['heal-launch-full.xml', 'volume heal v full', running, moved],
    ['fail-heal-launch-just-after-start.xml', 'volume heal v', running, 0],
    ['fail-heal-launch-not-started.xml', 'volume heal v', running.slice(0, 1), 0],
    ['fail-heal-launch-disabled.xml', 'volume heal v', [`volume create v ${bricks('v', 3)}`, 'volume start v'], moved],
  ] as const)('are the plain text of %s', async (file, words, before, milliseconds) => {
    for (const each of before) {
      await gluster(each);
    }
    await cluster.clock.advance(milliseconds);
    const [first] = cluster.nodes;
    const argv = ['gluster', '--xml', '--mode=script', ...words.split(' ')];
    const answer =
      first === undefined
        ? first
        : await cluster.simulation.runner.run(first, { argv, deadlineMs: 1 }, cluster.context);
    const real = sample(file).exited;
    const [name = ''] = /(?<=volume heal )\S+/.exec(sample(file).words.join(' ')) ?? [];
    const here = (text: string): string =>
      text.replaceAll(` volume ${name}`, ' volume v').replaceAll(`Volume ${name}`, 'Volume v');
    expect(answer).toEqual({ ...real, stdout: here(real.stdout), stderr: here(real.stderr) });
  });

  it.each(
    cases
      .filter(([file]) => /^fail-(?:re(?:place|set)-brick|peer-detach|heal|volume-status|status)-/.test(file))
      .map(([file, before, words, fault]) => ({ file, before, words, fault })),
  )('have the words of $file', async ({ file, before, words, fault }) => {
    for (const each of before) {
      await (typeof each === 'number' ? cluster.clock.advance(each) : gluster(each));
    }
    if (fault !== undefined) {
      cluster.simulation.faults.add(fault);
    }
    const message = (text: string): string | undefined =>
      /<opErrstr>([^<]*)</
        .exec(text)?.[1]
        ?.replaceAll(/10\.(?:77\.)?0\.(?:0\.)?\d+/g, 'HOST')
        .replaceAll('&apos;', "'")
        .replaceAll(/HOST:[\w/]+/g, 'BRICK')
        .replaceAll(/\b(?:nosuch|vol\d|[deflv]\w?)\b/g, 'NAME');
    expect(message(await gluster(words))).toBe(message(sample(file).exited.stdout));
  });

  it.each([
    ['fail-glusterd-not-running.xml', 'volume info v'],
    ['fail-glusterd-not-running-pool-list.xml', 'pool list'],
  ])('are %s when glusterd has crashed', async (file, words) => {
    cluster.simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: 'node-1' });
    expect(await gluster(words)).toBe(sample(file).exited.stdout);
  });

  it('name the messages of the real one, with other names in them', async () => {
    await gluster(`volume create fa replica 3 ${bricks('fa', 3)}`);
    // The real one leaves quotation marks as they are; that is the same XML.
    const message = (text: string) => /<opErrstr>([^<]*)</.exec(text)?.[1]?.replaceAll('&quot;', '"');
    for (const [file, words] of [
      ['fail-create-volume-exists.xml', `volume create fa replica 3 ${bricks('fb', 3)}`],
      ['fail-stop-not-started.xml', 'volume stop fa'],
      ['fail-delete-no-such-volume.xml', 'volume delete nosuch'],
      ['fail-set-unknown-option.xml', 'volume set fa no.such-option 1'],
      ['fail-set-bad-value.xml', 'volume set fa network.ping-timeout abc'],
      ['fail-create-replica-count-mismatch.xml', `volume create m1 replica 3 ${bricks('ma', 2)}`],
    ] as const) {
      expect(message(await gluster(words))).toBe(message(sample(file).exited.stdout));
    }
  });
});

import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.ts';
import { lint, type LintReport } from '../../../src/cli/lint/lint.ts';
import { lintText, placeText } from '../../../src/cli/output/lint.ts';
import { defaultLimits } from '../../../src/domain/placement/request.ts';

const provisioner = 'brickyard.dev/glusterfs';

function check(...texts: readonly string[]): LintReport {
  const inputs = texts.map((text, index) => ({ file: `${index + 1}.yaml`, text }));
  return lint(inputs, { provisioner, limits: defaultLimits });
}

/** `place field: message`, then the fix. */
const lines = ({ problems }: LintReport): string[] =>
  problems.map((problem) => `${placeText(problem)} ${problem.field}: ${problem.message} -> ${problem.fix}`);

const storageClass = (parameters: string, more = ''): string =>
  `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gluster}
provisioner: ${provisioner}
parameters: ${parameters}
${more}`;

const claim = (spec: string, size = '10Gi'): string =>
  `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: team}
spec:
  ${spec}
  resources: {requests: {storage: ${size}}}`;

const topology = (count: number, zones = count, tags = '{}'): string =>
  JSON.stringify({
    clusters: [
      {
        id: 'main',
        nodes: Array.from({ length: count }, (_none, index) => ({
          node: {
            zone: 1 + (index % zones),
            hostnames: { manage: [`n${index}`], storage: [`10.0.0.${index + 1}`] },
            tags: JSON.parse(tags) as object,
          },
          devices: ['/dev/vdb'],
        })),
      },
    ],
  });

const node = (name: string, storage: string, size?: number): string =>
  `apiVersion: brickyard.dev/v1alpha1
kind: GlusterNode
metadata: {name: ${name}}
spec: {cluster: main, zone: "${name}", manage: ${name}, storage: ${storage}, devices: [{name: /dev/vdb}]}
${size === undefined ? '' : `status: {devices: [{name: /dev/vdb, size: ${size}}]}`}`;

const all = (...documents: readonly string[]): string => documents.join('\n---\n');
const readWriteMany = 'accessModes: [ReadWriteMany]\n  storageClassName: gluster';

describe('a StorageClass', () => {
  it('is told of every parameter that is wrong, where it stands', () => {
    const text = storageClass('\n  volumtype: replicate:3\n  gidMin: "1000"\n  restuser: admin');
    expect(lines(check(text))).toEqual([
      '1.yaml:6:3 parameters.volumtype: no such parameter; did you mean volumetype? -> write volumetype',
      '1.yaml:7:11 parameters.gidMin: expected a whole number from 2000 to 2147483647, got "1000" -> write for example gidMin: "40000", or leave it out, which means 2000',
      expect.stringMatching(/^1\.yaml:8:3 parameters\.restuser: .* -> take it out$/),
    ]);
  });

  it('is told of a value that has to be text', () => {
    expect(lines(check(storageClass('{gidMin: 2000}')))).toEqual([
      '1.yaml:5:22 parameters.gidMin: expected text, got a number -> put it in quotes: gidMin: "2000"',
    ]);
  });

  it('is told of parameters that contradict each other', () => {
    const text = storageClass('{volumetype: "disperse:4:2", volumeoptions: "user.heketi.arbiter true"}');
    expect(lines(check(text))[0]).toMatch(/parameters\.volumetype: expected arbiter or replicate:3 beside the option/);
  });

  it('is told of places that storage nodes do not have', () => {
    const more = 'allowedTopologies: [{matchLabelExpressions: [{key: kubernetes.io/hostname, values: [a]}]}]';
    expect(lines(check(storageClass('{}', more)))).toEqual([
      expect.stringMatching(
        /^1\.yaml:6:52 allowedTopologies\[0\]\.matchLabelExpressions\[0\]\.key: expected topology\.kubernetes\.io\/zone, got kubernetes\.io\/hostname/,
      ),
    ]);
  });

  it('of another provisioner is passed over with its claims', () => {
    const other = storageClass('{anything: goes}').replace(provisioner, 'example.com/nfs');
    const { problems, checked, passedOver } = check(all(other, claim(`volumeMode: Block\n  ${readWriteMany}`)));
    expect({ problems, checked, passedOver }).toEqual({
      problems: [],
      checked: {},
      passedOver: {
        'PersistentVolumeClaim that is of class gluster, for example.com/nfs': 1,
        'StorageClass for example.com/nfs': 1,
      },
    });
  });
});

describe('a claim', () => {
  it.each([
    [
      'block mode',
      `volumeMode: Block\n  ${readWriteMany}`,
      '2.yaml:5:15 spec.volumeMode: expected Filesystem, got Block',
    ],
    ['a selector', `selector: {matchLabels: {a: b}}\n  ${readWriteMany}`, '2.yaml:5:13 spec.selector: expected none'],
    [
      'a data source',
      `dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: x}\n  ${readWriteMany}`,
      '2.yaml:5:15 spec.dataSource: expected none',
    ],
    [
      'an access mode that does not exist',
      'accessModes: [ReadTwice]\n  storageClassName: gluster',
      '2.yaml:5:16 spec.accessModes: expected one or more of',
    ],
  ])('of a class of ours is told of %s', (_name, spec, expected) => {
    const [line = '', ...rest] = lines(check(storageClass('{}'), claim(spec)));
    expect(line.slice(0, expected.length)).toBe(expected);
    expect(rest).toEqual([]);
  });

  it('whose class is not there is told only of what nobody could serve', () => {
    const report = check(claim('volumeMode: Block\n  accessModes: []\n  storageClassName: elsewhere', '10Gb'));
    expect(report.problems.map(({ field }) => field)).toEqual(['spec.accessModes', 'spec.resources.requests.storage']);
    expect(report.claimsWithoutClass).toBe(1);
    expect(lintText(report)).toContain('The class of 1 claim(s) is not in the input');
  });

  it('without a class is held to the default class', () => {
    const byDefault = storageClass('{}').replace(
      '{name: gluster}',
      '{name: gluster, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}',
    );
    const report = check(byDefault, claim('volumeMode: Block\n  accessModes: [ReadWriteOnce]'));
    expect(report.problems.map(({ field }) => field)).toEqual(['spec.volumeMode']);
  });

  it('for more than any volume can have is told so without a topology', () => {
    const report = check(storageClass('{}'), claim(readWriteMany, '500Ti'));
    expect(lines(report)).toEqual([
      '2.yaml:7:35 spec.resources.requests.storage: expected a size that fits by class gluster, got 500Ti: replicate 3 of 500 TiB needs 125 sets of 3 bricks of at most 4 TiB, and the limit is 32 bricks a volume -> ask for less, or choose another volumetype',
    ]);
  });

  it('for more than the devices have is told so, if their sizes are known', () => {
    const nodes = ['a', 'b', 'c'].map((name, index) => node(name, `10.0.0.${index}`, 100 * 2 ** 30));
    const report = (size: string): LintReport => check(storageClass('{}'), claim(readWriteMany, size), all(...nodes));
    expect(lines(report('200Gi'))[0]).toMatch(
      /2\.yaml:7:35 .*got 200Gi: cluster main: .*it would fit with .* with a size of at most/,
    );
    expect(report('90Gi').problems).toEqual([]);
    const unknown = ['a', 'b', 'c'].map((name, index) => node(name, `10.0.0.${index}`));
    expect(check(storageClass('{}'), claim(readWriteMany, '200Gi'), all(...unknown)).problems).toEqual([]);
  });
});

describe('a class beside a topology', () => {
  it('of too few nodes is told the proof, and its claims are not blamed', () => {
    const report = check(storageClass('{volumetype: "replicate:3"}'), claim(readWriteMany), topology(2));
    expect(lines(report)).toEqual([
      '1.yaml:5:26 parameters.volumetype: expected room for a volume of 1Gi at least: cluster main: replicate 3 of 1 GiB needs 3 nodes with 1.01 GiB free on a device; 2 have it (n0, n1) (devices counted as empty, and as large as need be where their size is not said) -> it would fit with one more node with a device of 1.01 GiB',
    ]);
  });

  it.each<[name: string, parameters: string, storage: string, problems: number, zones: string]>([
    ['three nodes', '{}', topology(3), 0, ''],
    ['three nodes in two zones', '{}', topology(3, 2), 0, ''],
    ['two zones where three are required', '{zoneSpread: require}', topology(3, 2), 1, ''],
    ['devices for arbiters only', '{}', topology(3, 3, '{"arbiter": "required"}'), 1, ''],
    ['no device for the arbiter', '{volumetype: arbiter}', topology(3, 3, '{"arbiter": "disabled"}'), 1, ''],
    ['zones that are not all of them', '{}', topology(4), 0, '[a, "1", "2", "3"]'],
    ['too few of the zones that it allows', '{}', topology(4), 1, '["1", "2"]'],
    ['a cluster that it does not name', '{clusterid: east}', topology(3), 1, ''],
    ['the cluster that it names', '{clusterid: "east,main"}', topology(3), 0, ''],
  ])('of %s', (_name, parameters, storage, problems, zones) => {
    const key = 'topology.kubernetes.io/zone';
    const allowed = `allowedTopologies: [{matchLabelExpressions: [{key: ${key}, values: ${zones}}]}]`;
    expect(check(storageClass(parameters, zones === '' ? '' : allowed), storage).problems).toHaveLength(problems);
  });

  it('is not judged by a topology that has problems or leaves its clusters without names', () => {
    const mistyped = topology(2).replaceAll('devices', 'devcies');
    expect(check(storageClass('{}'), mistyped).problems.every(({ object }) => object === 'topology')).toBe(true);
    expect(check(storageClass('{clusterid: east}'), topology(2).replace('"id":"main",', '')).problems).toEqual([]);
  });
});

describe('a topology', () => {
  it('is told of a mistyped key where it stands', () => {
    const text =
      'clusters:\n  - nodes:\n      - node:\n          zone: 1\n          hostnames: {manage: [a], storage: [b]}\n        devcies: []';
    expect(lines(check(text))).toEqual([
      '1.yaml:6:9 clusters[0].nodes[0].devcies: expected no such field; did you mean devices? -> write devices',
    ]);
  });

  it('is recognised when its first key is mistyped', () => {
    expect(lines(check('{"cluster": []}'))).toEqual([
      '1.yaml:1:1 clusters: expected a list, got nothing -> add clusters',
      '1.yaml:1:2 cluster: expected no such field; did you mean clusters? -> write clusters',
    ]);
  });

  it('is told of a host that two nodes have', () => {
    expect(lines(check(topology(2).replace('10.0.0.2', '10.0.0.1')))[0]).toMatch(
      /clusters\[0\]\.nodes\[1\]\.node\.hostnames\.storage\[0\]: storage host 10\.0\.0\.1: expected one node, got several/,
    );
  });
});

describe('declared nodes', () => {
  it('are told of fields that the API does not have, and of values that the record refuses', () => {
    const text = node('a', '10.0.0.1')
      .replace('{name: /dev/vdb}', '{name: vdb, wip: true}')
      .replace('zone: "a"', 'zone: 1');
    expect(lines(check(text))).toEqual([
      '1.yaml:4:29 spec.zone: expected text, got a number -> put it in quotes: zone: "1"',
      expect.stringMatching(
        /^1\.yaml:4:\d+ spec\.devices\[0\]\.name: .*expected an absolute path such as \/dev\/vdb.*got "vdb"/,
      ),
      expect.stringMatching(/spec\.devices\[0\]\.wip: expected no such field; did you mean wipe\?/),
    ]);
  });

  it('are told of a host that another node has', () => {
    expect(lines(check(all(node('a', '10.0.0.1'), node('b', '10.0.0.1'))))[0]).toMatch(
      /host 10\.0\.0\.1 of node b is already a host of node a/,
    );
  });

  it('are told of another version or kind of the group', () => {
    const [version, kind] = [
      node('a', 'x').replace('v1alpha1', 'v1'),
      node('a', 'x').replace('GlusterNode', 'GlusterNod'),
    ];
    expect(lines(check(version, kind))).toEqual([
      '1.yaml:1:13 apiVersion: expected brickyard.dev/v1alpha1, got brickyard.dev/v1 -> write brickyard.dev/v1alpha1',
      '2.yaml:2:7 kind: expected GlusterNode or GlusterCluster, got GlusterNod -> write GlusterNode',
    ]);
  });
});

describe('the command', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brickyard-lint-'));
    const files = { good: storageClass('{}'), bad: storageClass('{mount: nfs}'), broken: 'a: [' };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err]: string[][] = [[], []];
    const io = { interactive: false, confirm: () => Promise.reject(new Error('nobody to ask')), environment: {} };
    const printing = { out: (line: string) => void out?.push(line), err: (line: string) => void err?.push(line) };
    const code = await main(['lint', ...argv], { ...io, ...printing });
    return { code, out: (out ?? []).join('\n'), err: (err ?? []).join('\n') };
  }
  const at = (...names: readonly string[]): string[] => names.map((name) => join(folder, name));

  it('ends with 0 when all is well', async () => {
    const said = { code: 0, out: 'Checked 1 StorageClass: no problems.', err: '' };
    expect(await run(...at('good'))).toEqual(said);
  });

  it('ends with 1 when there are problems', async () => {
    const { code, out } = await run(...at('good', 'bad'));
    expect(code).toBe(1);
    expect(out).toMatch(
      /bad:5:21: StorageClass gluster, parameters\.mount: expected one of auto, glusterfs, csi, got "nfs"\n {2}-> /,
    );
    expect(out).toMatch(/Checked 2 StorageClass: 1 problem\(s\)\.$/);
  });

  it.each(['broken', 'missing'])('ends with 2 when a file is %s', async (name) => {
    const { code, err } = await run(...at('good', name));
    expect(code).toBe(2);
    expect(err).toMatch(/expected (?:YAML or JSON|a readable file)/);
  });

  it('prints JSON for programs', async () => {
    const { code, out } = await run('-o', 'json', ...at('bad'));
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      problems: [{ file: join(folder, 'bad'), line: 5, column: 21, field: 'parameters.mount' }],
      unreadable: [],
      checked: { StorageClass: 1 },
    });
  });

  it('goes by the provisioner of the installation', async () => {
    expect(await run('--provisioner', 'example.com/mine', ...at('bad'))).toMatchObject({ code: 0 });
  });
});

describe('the input', () => {
  it('may hold anything else, which is counted', () => {
    const report = check('kind: Deployment\n---\n# nothing\n---\n- 1\n---\na: b', '');
    expect(report).toMatchObject({
      problems: [],
      unreadable: [],
      passedOver: { Deployment: 1, 'object without kind': 1, 'text or list': 1 },
    });
  });

  it('may be what kubectl prints of several objects', () => {
    const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ kind: 'Pod' }, JSON.parse(topology(1))] });
    expect(check(items)).toMatchObject({ checked: { topology: 1 }, passedOver: { Pod: 1 }, problems: [] });
  });

  it('that is no YAML is said to be so, with its place, and the rest is checked', () => {
    const report = check('a: [', all(storageClass('{mount: nfs}'), 'b: }'));
    expect(report.unreadable.map(({ place }) => placeText(place))).toEqual(['1.yaml:1:5', '2.yaml:8:4']);
    expect(report.problems.map(({ field }) => field)).toEqual(['parameters.mount']);
  });

  it('with a key twice is told where the second stands', () => {
    expect(lines(check('kind: Pod\nkind: Pod'))).toEqual([
      '1.yaml:2:1 : expected each key once, got it twice -> take one of the two out',
    ]);
  });

  it('is never too strange, and what is said of it is always the same', () => {
    const anyObject = fc.record({
      apiVersion: fc.constantFrom('v1', 'storage.k8s.io/v1', 'brickyard.dev/v1alpha1'),
      kind: fc.constantFrom('StorageClass', 'PersistentVolumeClaim', 'GlusterNode', 'GlusterCluster'),
      provisioner: fc.constantFrom(provisioner, 1),
      metadata: fc.jsonValue(),
      spec: fc.jsonValue(),
      parameters: fc.jsonValue(),
      status: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(anyObject, fc.jsonValue(), fc.record({ clusters: fc.jsonValue() }))), (objects) => {
        const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
        const report = check(text);
        expect(check(text)).toEqual(report);
        for (const problem of report.problems) {
          expect(problem.line).toBeGreaterThan(0);
          expect(problem.message).not.toBe('');
          expect(problem.fix).not.toBe('');
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    'examples/storageclass.yaml',
    'examples/claim.yaml',
    'examples/topology/topology.json',
    'examples/topology/gluster-nodes.yaml',
    'manifests/base/storageclass.yaml',
  ])('has no problems: %s', (file) => {
    const text = readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');
    expect(check(text).problems).toEqual([]);
    expect(Object.keys(check(text).checked)).toHaveLength(1);
  });
});

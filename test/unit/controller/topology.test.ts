/** Zones: of the class, of the pod's node, and what happens when they are full. */
import { describe, expect, it } from 'vitest';
import { readAllowedZones } from '../../../src/controller/allowed-topologies.ts';
import { readClass } from '../../../src/controller/class-problems.ts';
import { ConsumerZones } from '../../../src/controller/consumer-zones.ts';
import { buildPersistentVolume } from '../../../src/controller/pv.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { waiting } from '../../../src/domain/outcome.ts';
import type { VolumeRequest } from '../../../src/domain/volume.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { nodes, persistentVolumeClaims } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeApi, type Call } from './fake-api.ts';
import { claim, provisioner, record, storageClass } from './objects.ts';
import { claimKey, claimName, id, World } from './world.ts';

const zone = 'topology.kubernetes.io/zone';
const beta = 'failure-domain.beta.kubernetes.io/zone';
const selected = 'volume.kubernetes.io/selected-node';
const forever = new AbortController().signal;

const term = (...expressions: readonly (readonly [string, ...string[]])[]) => ({
  matchLabelExpressions: expressions.map(([key, ...values]) => ({ key, values })),
});

describe('allowedTopologies', () => {
  it.each([
    ['nothing', [], []],
    ['the zones of all terms', [term([zone, 'a', 'b']), term([beta, 'c', 'a'])], ['a', 'b', 'c']],
    ['of one term what all its expressions allow', [term([zone, 'a', 'b'], [beta, 'b', 'c'])], ['b']],
  ])('allow %s', (_what, terms, zones) => {
    expect(readAllowedZones(terms)).toEqual({ ok: true, zones });
  });

  it.each([
    [
      'kubernetes.io/hostname',
      term(['kubernetes.io/hostname', 'n1']),
      /\[0\]\.key: expected topology\.kubernetes\.io\/zone, got kubernetes\.io\/hostname; a volume can be reached from every node/,
    ],
    ['a typing error', term(['topology.kubernetes.io/zones', 'a']), /got topology\.kubernetes\.io\/zones/],
    ['a region', term([zone, 'a'], ['topology.kubernetes.io/region', 'eu']), /matchLabelExpressions\[1\]\.key/],
    ['no zone', term([zone]), /^allowedTopologies\[0\]: expected at least one zone, got none/],
    ['no expression', term(), /expected at least one zone, got none/],
    ['zones that exclude each other', term([zone, 'a'], [beta, 'b']), /expected at least one zone, got none/],
    ['what no zone is called', term([zone, 'zone a']), /\.values: expected zones .* got "zone a"/],
  ])('are refused with %s', (_what, wrong, message) => {
    const read = readAllowedZones([wrong]);
    expect(read.ok ? [] : read.problems.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });

  it('are told together with what is wrong with the parameters', () => {
    const read = readClass(storageClass({ parameters: { mount: 'nfs' }, allowedTopologies: [term(['rack', 'r1'])] }));
    expect(read.ok ? [] : read.problems.map(({ path }) => path.join('.'))).toEqual([
      'parameters.mount',
      'allowedTopologies.0.matchLabelExpressions.0.key',
    ]);
  });
});

function zonesAt(faults: FakeApi['faults'] = {}) {
  const api = new FakeApi();
  api.faults = faults;
  const clock = new FakeClock();
  api.put(nodes, { metadata: { name: 'n1', labels: { [zone]: 'a', [beta]: 'old' } } });
  api.put(nodes, { metadata: { name: 'n2', labels: { [beta]: 'b' } } });
  api.put(nodes, { metadata: { name: 'n3', labels: {} } });
  const zones = new ConsumerZones({ api, clock, log: silentLog });
  const of = (node: string) => zones.of(claim({ annotations: { [selected]: node } }), forever);
  return { api, clock, zones, of };
}

describe('the zone of the node that was selected', () => {
  it.each([
    ['n1', 'a'],
    ['n2', 'b'],
    ['n3', undefined],
    ['gone', undefined],
  ])('of %s is %s', async (node, expected) => {
    await expect(zonesAt().of(node)).resolves.toBe(expected);
  });

  it('is read once a minute, and not at all when no node was selected', async () => {
    const { api, clock, of, zones } = zonesAt();
    await of('n1');
    await of('n1');
    await zones.of(claim(), forever);
    expect(api.calls).toHaveLength(1);
    await clock.advance(60_000);
    await of('n1');
    expect(api.calls).toHaveLength(2);
  });

  it('is done without when the right is missing, and then not asked for with every claim', async () => {
    const { api, clock, of } = zonesAt({
      before: () => {
        throw new KubeError('no', { kind: 'status', code: 403, reason: 'Forbidden' });
      },
    });
    await expect(of('n1')).resolves.toBeUndefined();
    await expect(of('n2')).resolves.toBeUndefined();
    expect(api.calls).toHaveLength(1);
    api.faults = {};
    await clock.advance(300_000);
    await expect(of('n2')).resolves.toBe('b');
  });

  it('is done without when the API does not answer, and asked for again by the next claim', async () => {
    const { api, of } = zonesAt({
      before: () => {
        throw new KubeError('no answer', { kind: 'timeout' });
      },
    });
    await expect(of('n1')).resolves.toBeUndefined();
    api.faults = {};
    await expect(of('n1')).resolves.toBe('a');
  });
});

const late = storageClass({
  volumeBindingMode: 'WaitForFirstConsumer',
  allowedTopologies: [term([zone, 'a', 'b'])],
  parameters: { deviceTags: 'media=ssd' },
});

/** A claim whose pod is to run on a node in zone a. `asked` gets what the engine is asked for. */
function lateWorld(): { world: World; asked: VolumeRequest[] } {
  const world = World.withClaim(
    claim({ annotations: { 'volume.kubernetes.io/storage-provisioner': provisioner, [selected]: 'n1' } }),
  );
  world.classes = [late];
  world.api.put(nodes, { metadata: { name: 'n1', labels: { [zone]: 'a' } } });
  const asked: VolumeRequest[] = [];
  const ensure = world.engine.ensureVolume.bind(world.engine);
  world.engine.ensureVolume = async (request) => {
    asked.push(request);
    return ensure(request);
  };
  return { world, asked };
}

const run = (world: World) => world.provision.reconcile(claimKey, forever);
const full = waiting({ what: 'capacity', elsewhere: true }, 'no room in zones a, b');
const annotationOf = (world: World): unknown =>
  persistentVolumeClaims.parse(world.api.raw(persistentVolumeClaims, claimName)).metadata.annotations[selected];

describe('a claim whose pod has a node', () => {
  it('asks for data in the zone of the node, within the zones of the class and on devices with its tags', async () => {
    const { world, asked } = lateWorld();
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(asked).toMatchObject([
      { preferredZones: ['a'], allowedZones: ['a', 'b'], tagMatch: [{ key: 'media', op: '=', value: 'ssd' }] },
    ]);
  });

  it('is not asked where its pod is once the volume has its place', async () => {
    const { world, asked } = lateWorld();
    world.recorded('creating');
    await run(world);
    expect(asked).toMatchObject([{ preferredZones: [] }]);
    expect(world.api.calls.filter(({ plural }) => plural === 'nodes')).toEqual([]);
  });

  it('gets a PersistentVolume that every node may use', () => {
    const body = {
      claim: claim(),
      storageClass: late,
      volume: record(),
      provisioner,
      namespace: 'brickyard',
      form: 'glusterfs' as const,
    };
    expect(buildPersistentVolume(body).spec).not.toHaveProperty('nodeAffinity');
  });
});

describe('a claim for which its allowed zones have no room', () => {
  it('is given back to the scheduler, told why, and taken up when a node is selected anew', async () => {
    const { world } = lateWorld();
    world.engine.next.ensure.push(full);
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(annotationOf(world)).toBeUndefined();
    expect(world.events.at(-1)?.message).toBe('waiting: no room in zones a, b');
    world.sync();
    await expect(run(world)).resolves.toEqual({ kind: 'done' });
    expect(world.engine.calls).toEqual(['ensure']);
    world.changeClaim({
      metadata: { annotations: { 'volume.kubernetes.io/storage-provisioner': provisioner, [selected]: 'n2' } },
    });
    await run(world);
    expect(world.engine.calls).toEqual(['ensure', 'ensure', 'confirm']);
  });

  it('is given back once in five minutes, and waits with backoff in between', async () => {
    const { world } = lateWorld();
    const again = async (): Promise<string> => {
      world.changeClaim({
        metadata: { annotations: { 'volume.kubernetes.io/storage-provisioner': provisioner, [selected]: 'n1' } },
      });
      world.engine.next.ensure.push(full);
      return (await run(world)).kind;
    };
    expect([await again(), await again()]).toEqual(['done', 'retry']);
    expect(annotationOf(world)).toBe('n1');
    await world.clock.advance(300_000);
    expect(await again()).toBe('done');
  });

  it.each([
    ['other zones have no room either', { setback: waiting({ what: 'capacity' }, 'full') }],
    ['the class does not wait for pods', { mode: 'Immediate' }],
    ['the node was selected by nobody', { annotations: {} }],
  ])(
    'is not given back when %s',
    async (
      _why,
      {
        setback = full,
        mode,
        annotations,
      }: {
        readonly setback?: typeof full;
        readonly mode?: string;
        readonly annotations?: Readonly<Record<string, string>>;
      },
    ) => {
      const { world } = lateWorld();
      world.classes = [
        { ...late, volumeBindingMode: mode ?? (annotations === undefined ? late.volumeBindingMode : 'Immediate') },
      ];
      if (annotations !== undefined) {
        world.changeClaim({ metadata: { annotations: { 'volume.kubernetes.io/storage-provisioner': provisioner } } });
      }
      world.engine.next.ensure.push(setback);
      await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
      expect(world.api.writes).toEqual([]);
    },
  );

  it('stays in work when it could not be given back', async () => {
    const { world } = lateWorld();
    world.engine.next.ensure.push(full);
    world.api.faults = {
      before: ({ verb }: Call) => {
        if (verb === 'patch') {
          throw new KubeError('changed meanwhile', { kind: 'status', code: 409, reason: 'Conflict' });
        }
      },
    };
    await expect(run(world)).resolves.toMatchObject({ kind: 'retry' });
    expect(world.engine.volume(id)).toBeUndefined();
    expect(annotationOf(world)).toBe('n1');
  });
});

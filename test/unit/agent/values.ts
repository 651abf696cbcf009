/** Arbitrary values of the port: arguments and outcomes of every verb. */
import * as fc from 'fast-check';
import { brickIdentity } from '../../../src/domain/brick-identity.ts';
import { brickIdFor, deviceName, hostName, volumeId, volumeName } from '../../../src/domain/names.ts';
import { done, type Awaited, type Outcome } from '../../../src/domain/outcome.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import type { Durability } from '../../../src/domain/durability.ts';
import { peerStates, type BrickAddress, type BrickFacts, type BrickSpec } from '../../../src/engine/ports.ts';
import type { ArgumentsOf, ResultOf, Verb } from '../../../src/agent/protocol/verbs.ts';

/** An object with or without each of its optional fields: absent, never `undefined`. */
const some = <T extends object>(
  required: { readonly [K in keyof T]-?: fc.Arbitrary<T[K]> },
  requiredKeys: (keyof T)[],
): fc.Arbitrary<T> => fc.record(required, { requiredKeys, noNullPrototype: true });

/** As JSON.parse makes them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(model, { noNullPrototype: true });

const size = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map(bytes);
const count = fc.nat();
/** Whatever gluster or a kernel may say: lone surrogates, control characters, `__proto__`. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('__proto__'), fc.constant('\ud800'), fc.constant(''));
const label = fc.stringMatching(/^[a-z]([a-z0-9]{0,8}[a-z0-9])?$/);

const device = fc.stringMatching(/^\/dev\/[a-z0-9]{1,8}$/).map((text) => deviceName(text));
const host = fc.oneof(label, fc.ipV4(), fc.ipV6()).map((text) => hostName(text));
const volume = fc.uuid().map((text) => volumeId(text));
const brickId = fc.tuple(volume, fc.nat(99), fc.nat(9), fc.nat(9)).map((parts) => brickIdFor(...parts));
const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,40}$/).map((text) => volumeName(text));
const path = fc.stringMatching(/^(\/[a-z0-9_.-]{1,8}){1,4}$/);

const durability: fc.Arbitrary<Durability> = fc.oneof(
  record({ kind: fc.constant('replicate' as const), count: fc.integer({ min: 2, max: 16 }) }),
  record({ kind: fc.constant('arbiter' as const) }),
  record({
    kind: fc.constant('disperse' as const),
    data: fc.integer({ min: 2, max: 16 }),
    redundancy: fc.integer({ min: 1, max: 8 }),
  }),
  record({ kind: fc.constant('distribute' as const) }),
);

const brickSpec: fc.Arbitrary<BrickSpec> = some<BrickSpec>(
  {
    id: brickId,
    volume,
    device,
    size,
    snapshotFactor: fc.double({ min: 1, max: 100, noNaN: true }),
    arbiter: fc.boolean(),
    gid: fc.integer({ min: 1 }),
    identity: fc.stringMatching(/^[a-z][a-zA-Z0-9_+./=!:&#-]{0,40}$/).map((said) => brickIdentity(said)),
  },
  ['id', 'volume', 'device', 'size', 'snapshotFactor', 'arbiter'],
);
const address: fc.Arbitrary<BrickAddress> = record({ host, path, arbiter: fc.boolean() });
const spec = record({ name, durability, bricks: fc.array(address, { maxLength: 6 }) });
const option = record({
  key: fc.stringMatching(/^[a-z][a-z0-9_-]{0,10}(\.[a-z0-9][a-z0-9_-]{0,10}){0,2}$/),
  value: fc.stringMatching(/^[a-zA-Z0-9_.:/*%@+][a-zA-Z0-9_.:/*%@+=-]{0,30}$/),
});

export const argumentsOf: { readonly [V in Verb]: fc.Arbitrary<ArgumentsOf<V>> } = {
  inspectNode: fc.constant([]),
  inspectDevice: fc.tuple(device),
  prepareDevice: fc.tuple(
    device,
    some<{ readonly wipe: boolean; readonly serial?: string }>(
      { wipe: fc.boolean(), serial: fc.stringMatching(/^[a-zA-Z0-9_.:-]{1,20}$/) },
      ['wipe'],
    ),
  ),
  ensureBrick: fc.tuple(brickSpec, record({ pristine: fc.boolean() })),
  growBrick: fc.tuple(brickSpec),
  destroyBrick: fc.tuple(brickSpec),
  listBricks: fc.tuple(device),
  restoreBricks: fc.tuple(device),
  ensurePeer: fc.tuple(host),
  removePeer: fc.tuple(host),
  listPeers: fc.constant([]),
  volumeInfo: fc.tuple(name),
  listVolumes: fc.constant([]),
  createVolume: fc.tuple(spec),
  addBricks: fc.tuple(spec),
  removeBricks: fc.tuple(spec),
  startRebalance: fc.tuple(name),
  rebalanceStatus: fc.tuple(name),
  setVolumeOptions: fc.tuple(name, fc.array(option, { maxLength: 5 })),
  startVolume: fc.tuple(name),
  restartBricks: fc.tuple(name),
  volumeStatus: fc.tuple(name),
  healSummary: fc.tuple(name),
  startHeal: fc.tuple(name, record({ full: fc.boolean() })),
  replaceBrick: fc.tuple(name, record({ from: address, to: address })),
  resetBrick: fc.tuple(name, address),
  stopVolume: fc.tuple(name),
  deleteVolume: fc.tuple(name),
};

const nothing = fc.constant(undefined);
const deviceFacts = record({ device, size, free: size });
const brickFacts = some<BrickFacts>({ id: brickId, path: text, size, footprint: size, identity: text }, [
  'id',
  'path',
  'size',
]);
const glusterBrick = record({ host, path: text, arbiter: fc.boolean() });
const glusterVolume = some<NonNullable<ResultOf<'volumeInfo'>>>(
  {
    name,
    uuid: text,
    status: fc.constantFrom('created', 'started', 'stopped'),
    durability,
    bricks: fc.array(glusterBrick, { maxLength: 4 }),
    options: fc.array(fc.tuple(text, text), { maxLength: 5 }).map((pairs) => new Map(pairs)),
  },
  ['name', 'uuid', 'status', 'bricks', 'options'],
);
const heal = some<ResultOf<'healSummary'>[number]>(
  { host: text, path: text, connected: fc.boolean(), pending: count, splitBrain: count },
  ['host', 'path', 'connected'],
);

const resultOf: { readonly [V in Verb]: fc.Arbitrary<ResultOf<V>> } = {
  inspectNode: some<ResultOf<'inspectNode'>>({ bootId: text, addresses: fc.array(text), glusterId: text }, [
    'bootId',
    'addresses',
  ]),
  inspectDevice: deviceFacts,
  prepareDevice: deviceFacts,
  ensureBrick: brickFacts,
  growBrick: brickFacts,
  destroyBrick: nothing,
  listBricks: fc.array(brickFacts),
  restoreBricks: fc.array(brickId),
  ensurePeer: nothing,
  removePeer: nothing,
  listPeers: fc.array(record({ uuid: text, hosts: fc.array(text), state: fc.constantFrom(...peerStates) })),
  volumeInfo: fc.option(glusterVolume, { nil: undefined }),
  listVolumes: fc.array(text),
  createVolume: nothing,
  addBricks: nothing,
  removeBricks: nothing,
  startRebalance: fc.option(text, { nil: undefined }),
  rebalanceStatus: some<ResultOf<'rebalanceStatus'>>(
    {
      state: fc.constantFrom('none', 'running', 'completed', 'failed', 'stopped'),
      task: text,
      files: count,
      bytes: size,
      failures: count,
    },
    ['state', 'files', 'bytes', 'failures'],
  ),
  setVolumeOptions: nothing,
  startVolume: nothing,
  restartBricks: nothing,
  volumeStatus: fc.option(fc.array(record({ host: text, path: text, online: fc.boolean() })), { nil: undefined }),
  healSummary: fc.array(heal),
  startHeal: nothing,
  replaceBrick: nothing,
  resetBrick: nothing,
  stopVolume: nothing,
  deleteVolume: nothing,
};

const awaited: fc.Arbitrary<Awaited> = fc.oneof(
  record({ what: fc.constantFrom('node' as const, 'lock' as const, 'condition' as const), name: text }),
  record({ what: fc.constant('capacity' as const) }),
);

export const outcomeOf = <V extends Verb>(verb: V): fc.Arbitrary<Outcome<ResultOf<V>>> =>
  fc.oneof(
    { weight: 3, arbitrary: (resultOf[verb] as fc.Arbitrary<ResultOf<V>>).map((value) => done(value)) },
    record({ kind: fc.constantFrom('rejected' as const, 'failed' as const, 'unknown' as const), reason: text }),
    record({ kind: fc.constant('waiting' as const), on: awaited, reason: text }),
  );

/**
 * Taking a volume that Brickyard does not know into its records: one made by hand or by another program, or one of its
 * own whose identity was wiped. Nothing is guessed: whatever is not plain is refused by name.
 */
import { bricksPerSet, dataBricksPerSet, type Durability } from '../../domain/durability.ts';
import { brickIdFor, brickId, deviceName, NameError, volumeId, volumeName } from '../../domain/names.ts';
import type { ClusterId, NodeId, VolumeId, VolumeName } from '../../domain/names.ts';
import { done, rejected, type Outcome } from '../../domain/outcome.ts';
import { brickFootprint, metadataOf } from '../../domain/placement/footprint.ts';
import { bytes } from '../../domain/quantity.ts';
import type { BrickRecord, VolumeRecord } from '../../domain/volume.ts';
import { brickOfPath } from '../brick-match.ts';
import { identityOf } from '../identity.ts';
import type { BrickAddress, GlusterVolume } from '../ports.ts';
import type { RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';
import type { AdoptOptions } from './api.ts';
import type { Exclusively } from './exclusively.ts';
import { identify } from './identify.ts';
import { accountOfDoctor, askAbout, lookAtDevice, type DeviceSight } from './observe.ts';
import { setsOf, standingBricks, volumeIdOf, type Standing, type StandingBrick } from './record-of.ts';

interface Found {
  readonly cluster: ClusterId;
  readonly volume: GlusterVolume;
}

/** As Doctor.adopt. */
export async function adoptVolume(
  work: VolumeWork,
  exclusively: Exclusively,
  text: string,
  options: Pick<AdoptOptions, 'dryRun' | 'cluster'>,
  signals: RunSignals,
): Promise<Outcome<VolumeRecord>> {
  const name = checked(() => volumeName(text));
  if (name.kind !== 'done') {
    return name;
  }
  const found = await find(work, name.value, options.cluster, signals);
  if (found.kind !== 'done') {
    return found;
  }
  const id = idOf(found.value.volume);
  if (id.kind !== 'done') {
    return id;
  }
  return exclusively(id.value, signals, async (own) => {
    const record = await recordFor(work, found.value, id.value, own);
    if (record.kind !== 'done' || options.dryRun) {
      return record;
    }
    const written = await work.ledger.restore(record.value);
    return written.kind === 'done' ? record : written;
  });
}

/** The name, or what is wrong with it. */
function checked<T>(read: () => T): Outcome<T> {
  try {
    return done(read());
  } catch (error) {
    if (error instanceof NameError) {
      return rejected(error.message);
    }
    throw error;
  }
}

/** The one volume of that name. A cluster that does not answer may have another one. */
async function find(
  work: VolumeWork,
  name: VolumeName,
  cluster: ClusterId | undefined,
  signals: RunSignals,
): Promise<Outcome<Found>> {
  const known = [...new Set(work.directory.list().map((node) => node.cluster))];
  if (cluster !== undefined && !known.includes(cluster)) {
    return rejected(`cluster: expected one of ${known.join(', ') || 'no cluster at all'}, got ${cluster}`);
  }
  const found: Found[] = [];
  for (const each of cluster === undefined ? known : [cluster]) {
    const info = await askAbout(work, each, name, accountOfDoctor(signals));
    if (info.kind !== 'done') {
      return info;
    }
    if (info.value !== undefined) {
      found.push({ cluster: each, volume: info.value });
    }
  }
  const [first, ...others] = found;
  if (first === undefined) {
    return rejected(
      `gluster has no volume ${name} in ${cluster ?? (known.join(', ') || 'any cluster: load a topology')}`,
    );
  }
  return others.length === 0
    ? done(first)
    : rejected(
        `there is a volume ${name} in each of ${found.map((each) => each.cluster).join(', ')}; name the cluster`,
      );
}

const saysItself = (name: VolumeName, id: VolumeId): string =>
  `volume ${name} says what it is (${id}): "brickyard doctor --rebuild" writes its record`;

/** A volume of ours keeps its id, which stands in its bricks' paths; any other has gluster's own UUID. */
function idOf({ name, uuid, bricks, options }: GlusterVolume): Outcome<VolumeId> {
  const identity = identityOf(options);
  if (identity !== undefined) {
    return rejected(saysItself(name, identity.id));
  }
  const ids = bricks.map(({ path }) => brickOfPath(path));
  const owners = new Set(ids.map((id) => (id === undefined ? undefined : volumeIdOf(id))));
  const [owner] = owners;
  if (owners.size > 1) {
    const named = [...owners].map((id) => id ?? 'nobody');
    return rejected(`the bricks of volume ${name} were made for different volumes: ${named.join(', ')}`);
  }
  return checked(() => volumeId(owner ?? uuid));
}

async function recordFor(
  work: VolumeWork,
  { cluster, volume }: Found,
  id: VolumeId,
  signals: RunSignals,
): Promise<Outcome<VolumeRecord>> {
  const { durability, name, bricks } = volume;
  const taken = takenBy(work, cluster, volume, id);
  if (taken !== undefined) {
    return rejected(taken);
  }
  if (durability === undefined) {
    return rejected(`gluster keeps volume ${name} in a way that Brickyard does not know`);
  }
  const perSet = bricksPerSet(durability);
  if (bricks.length === 0 || bricks.length % perSet !== 0) {
    return rejected(`volume ${name} has ${bricks.length} bricks, which is no whole number of sets of ${perSet}`);
  }
  const records = await bricksFor(work, cluster, volume, { id, perSet }, signals);
  if (records.kind !== 'done') {
    return records;
  }
  const brickSets = setsOf(records.value, perSet);
  const isOwn = records.value.every(({ external }) => external !== true);
  return done({
    id,
    name,
    cluster,
    phase: 'ready',
    size: sizeOf(brickSets, durability),
    durability,
    options: [],
    snapshotFactor: isOwn ? factorOf(records.value) : 1,
    owner: { uid: isOwn ? id : '', namespace: '', name: '', className: '' },
    brickSets,
    createdAt: new Date(work.settings.clock.now()).toISOString(),
    // One whose bricks are ours is ours again, to be deleted with its PersistentVolume like any other.
    ...(isOwn ? {} : { adopted: true }),
  });
}

/** Who has the volume, its name or one of its bricks already. */
function takenBy(
  { ledger, directory }: VolumeWork,
  cluster: ClusterId,
  { name, bricks }: GlusterVolume,
  id: VolumeId,
): string | undefined {
  if (ledger.quarantinedVolume(id) !== undefined) {
    return `volume ${name} has a record that cannot be read; forget it first: brickyard volume forget ${id}`;
  }
  if (ledger.volume(id) !== undefined) {
    return `volume ${name} has a record: ${id}`;
  }
  const records = ledger.volumes().filter((record) => record.cluster === cluster);
  const namesake = records.find((record) => record.name === name);
  if (namesake !== undefined) {
    return `volume ${name} has a record: ${namesake.id}`;
  }
  const addresses = new Set(bricks.map(({ host, path }) => `${host}:${path}`));
  for (const record of records) {
    for (const { node, path } of record.brickSets.flat()) {
      const address = `${directory.get(node)?.storage ?? node}:${path ?? ''}`;
      if (addresses.has(address)) {
        return `its brick ${address} is one of volume ${record.name}`;
      }
    }
  }
  return undefined;
}

interface Naming {
  readonly id: VolumeId;
  readonly perSet: number;
}

async function bricksFor(
  work: VolumeWork,
  cluster: ClusterId,
  volume: GlusterVolume,
  naming: Naming,
  signals: RunSignals,
): Promise<Outcome<readonly BrickRecord[]>> {
  const standing = await standingFor(work, cluster, volume, signals);
  if (standing.kind !== 'done') {
    return standing;
  }
  const said = identify(volume, standing.value);
  if (said.kind === 'known') {
    return rejected(saysItself(volume.name, said.identity.id));
  }
  const records: BrickRecord[] = [];
  for (const [index, address] of volume.bricks.entries()) {
    const record = brickFor(work, cluster, address, { ...naming, index }, standing.value);
    if (record.kind !== 'done') {
      return record;
    }
    records.push(record.value);
  }
  return done(records);
}

/** Bricks of ours on the nodes that the volume has bricks of ours on: each has to show all of its devices. */
async function standingFor(
  work: VolumeWork,
  cluster: ClusterId,
  { bricks }: GlusterVolume,
  signals: RunSignals,
): Promise<Outcome<Standing>> {
  const nodes = new Map<NodeId, Map<BrickRecord['device'], DeviceSight>>();
  for (const { host, path } of bricks) {
    const node = work.directory.list(cluster).find(({ storage }) => storage === host);
    if (node === undefined || brickOfPath(path) === undefined || nodes.has(node.id)) {
      continue;
    }
    const sights = new Map<BrickRecord['device'], DeviceSight>();
    for (const { name } of node.devices) {
      const sight = await lookAtDevice(work, node, name, accountOfDoctor(signals));
      if (sight.kind === 'unseen') {
        return rejected(`nobody can tell on which device its brick ${host}:${path} is: ${sight.reason}`);
      }
      sights.set(name, sight);
    }
    nodes.set(node.id, sights);
  }
  return done(standingBricks({ nodes }));
}

function brickFor(
  work: VolumeWork,
  cluster: ClusterId,
  { host, path, arbiter }: BrickAddress,
  { id, perSet, index }: Naming & { readonly index: number },
  standing: Standing,
): Outcome<BrickRecord> {
  const where = `${host}:${path}`;
  const node = work.directory.list(cluster).find(({ storage }) => storage === host);
  if (node === undefined) {
    return rejected(
      `its brick ${where} is on a host that is no node of cluster ${cluster}; load a topology that has it`,
    );
  }
  const ours = brickOfPath(path);
  if (ours === undefined) {
    const own = brickIdFor(id, Math.floor(index / perSet), index % perSet);
    return external(own, { node: node.id, path, arbiter });
  }
  const stands = standing.get(id)?.get(ours);
  return stands?.node !== node.id
    ? rejected(`its brick ${where} is not on any device of node ${node.id}`)
    : done(counted(stands, path, arbiter));
}

function external(
  id: BrickRecord['id'],
  { node, path, arbiter }: Pick<BrickRecord, 'node' | 'arbiter'> & { readonly path: string },
): Outcome<BrickRecord> {
  const device = checked(() => deviceName(path, 'brick path'));
  const nothing = { size: bytes(0), footprint: bytes(0) };
  return device.kind === 'done'
    ? done({ id, node, device: device.value, ...nothing, arbiter, path, external: true })
    : device;
}

function counted({ node, device, facts }: StandingBrick, path: string, arbiter: boolean): BrickRecord {
  const { size } = facts;
  const footprint = facts.footprint ?? brickFootprint({ size, snapshotFactor: 1 }).total;
  return { id: brickId(facts.id), node, device, size, footprint, arbiter, path };
}

/** Usable bytes: of each set as much as its smallest data brick lets it hold. 0: not known. */
function sizeOf(sets: readonly (readonly BrickRecord[])[], durability: Durability): BrickRecord['size'] {
  const perSet = sets.map((set) => Math.min(...set.filter(({ arbiter }) => !arbiter).map(({ size }) => size)));
  return bytes(perSet.reduce((sum, size) => sum + size, 0) * dataBricksPerSet(durability));
}

/** How much of its device the first brick takes, as a multiple of its size. */
function factorOf([brick]: readonly BrickRecord[]): number {
  const pool =
    brick === undefined || brick.size === 0 ? 1 : (brick.footprint - metadataOf(brick.footprint)) / brick.size;
  return Math.min(100, Math.max(1, pool));
}

/** All simulated machines and the pools that they form. */
import type { Clock, Random } from '../../domain/clock.ts';
import { TrustedPool, volumeMark } from './glusterd/pool.ts';
import { migrationStatus } from './glusterd/migrations.ts';
import { isWhollyOn, type World } from './glusterd/peer-commands.ts';
import type { LogicalVolume, VolumeGroup } from './lvm.ts';
import { entriesBelow } from './files.ts';
import { Machine } from './machine.ts';
import type { SimulatedLogicalVolume, SimulatedNodeState, SimulatedPoolState, SimulatedVolumeGroup } from './state.ts';
import type { SimulatedNodeSpec } from './topology.ts';

export class SimulatedWorld implements World {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #machines = new Map<string, Machine>();
  readonly #pools = new Map<Machine, TrustedPool>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  add(spec: SimulatedNodeSpec): void {
    const taken = [...this.#machines.values()].find(
      ({ id, manage, storage }) =>
        id === spec.id || [manage, storage].includes(spec.manage) || [manage, storage].includes(spec.storage),
    );
    if (taken !== undefined) {
      throw new RangeError(`expected a node whose id and host names are new, got ${spec.id}, which meets ${taken.id}`);
    }
    const machine = new Machine(spec, this.newUuid(), this.#clock);
    this.#machines.set(spec.id, machine);
    this.#pools.set(machine, new TrustedPool([machine]));
  }

  /** Makes peers of nodes; throws RangeError for an id that is no node's. */
  unite(ids: readonly string[]): void {
    const machines = ids.map((id) => {
      const machine = this.#machines.get(id);
      if (machine === undefined) {
        throw new RangeError(`expected the id of a simulated node, got ${JSON.stringify(id)}`);
      }
      return machine;
    });
    const [first, ...rest] = machines;
    for (const machine of rest) {
      this.join(machine, this.poolOf(first ?? machine));
    }
  }

  machine(id: string): Machine | undefined {
    return this.#machines.get(id);
  }

  machineAt(host: string): Machine | undefined {
    return [...this.#machines.values()].find(({ manage, storage }) => manage === host || storage === host);
  }

  poolOf(machine: Machine): TrustedPool {
    const pool = this.#pools.get(machine) ?? new TrustedPool([machine]);
    this.#pools.set(machine, pool);
    return pool;
  }

  join(machine: Machine, pool: TrustedPool): void {
    pool.members = [...pool.members, machine];
    this.#pools.set(machine, pool);
  }

  leave(machine: Machine): void {
    const pool = this.poolOf(machine);
    pool.members = pool.members.filter((member) => member !== machine);
    const own = new TrustedPool([machine]);
    this.#pools.set(machine, own);
    for (const volume of pool.volumes.filter(({ bricks }) => isWhollyOn(bricks, machine))) {
      pool.remove(volume);
      own.add(volume);
    }
  }

  /** As when all brick processes of a node are ended before its glusterd starts: those of started volumes run again. */
  startBricksAnew(machine: Machine): void {
    machine.served.clear();
    for (const { bricks } of this.poolOf(machine).volumes.filter(({ status }) => status === 'started')) {
      for (const { path } of bricks.filter((brick) => brick.machine === machine && machine.files.find(brick.path))) {
        machine.served.add(path);
      }
    }
  }

  now(): number {
    return this.#clock.monotonic();
  }

  /** A random UUID of version 4. */
  newUuid(): string {
    const digits = Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16));
    digits[12] = '4';
    digits[16] = '8';
    const hex = digits.join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  describeNodes(): readonly SimulatedNodeState[] {
    return [...this.#machines.values()].map((machine) => ({
      id: machine.id,
      storage: machine.storage,
      glusterd: machine.glusterdUp ? 'up' : 'down',
      devices: [...machine.disks.values()].map(({ name, size, signature }) => ({
        name,
        size,
        holds: signature ?? null,
      })),
      volumeGroups: [...machine.groups.values()].map(describeGroup),
      folders: [...machine.folders].map(([name, size]) => ({
        name,
        size,
        entries: entriesBelow(machine.files.find(name)).map(({ path, file }) =>
          file?.kind === 'file' ? { path, size: file.length } : { path },
        ),
      })),
      loops: machine.loops.list().map(({ name, path }) => ({ name, file: path })),
      mounts: machine.files.mounts.map(({ target, fileSystem }) => ({
        source: fileSystem.source,
        target,
        type: fileSystem.type,
      })),
      marks: machine.files.marked(volumeMark).map(({ path, value }) => ({ path, volume: value })),
    }));
  }

  describePools(): readonly SimulatedPoolState[] {
    return [...new Set(this.#pools.values())].map(({ members, volumes }) => ({
      members: members.map(({ id }) => id),
      volumes: volumes.map(({ name, uuid, status, bricks, options, migration }) => ({
        name,
        uuid,
        status,
        bricks: bricks.map(({ host, path, arbiter }) => ({ host, path, arbiter })),
        options: Object.fromEntries(options),
        ...(migration === undefined
          ? {}
          : { migration: { kind: migration.kind, status: migrationStatus(migration, this.now()) } }),
      })),
    }));
  }
}

const describeGroup = (group: VolumeGroup): SimulatedVolumeGroup => ({
  name: group.name,
  device: group.disk,
  size: group.size * group.extent,
  free: group.free * group.extent,
  spare: group.spare * group.extent,
  tags: group.tags,
  logicalVolumes: group.volumes.map((volume) => describeVolume(volume, group.extent)),
});

const describeVolume = (volume: LogicalVolume, extent: number): SimulatedLogicalVolume =>
  volume.kind === 'thin'
    ? {
        name: volume.name,
        kind: 'thin',
        size: volume.size * extent,
        ...(volume.fileSystem === undefined ? {} : { fileSystemSize: volume.fileSystem.extents * extent }),
        pool: volume.pool,
        tags: volume.tags,
      }
    : {
        name: volume.name,
        kind: 'thin-pool',
        size: volume.data * extent,
        metadataSize: volume.metadata * extent,
        tags: volume.tags,
      };

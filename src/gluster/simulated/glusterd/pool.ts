/** A trusted pool: machines that know each other, and the volumes that they have together. */
import type { Machine } from '../machine.ts';
import { PathSet } from '../path-set.ts';

export interface PoolBrick {
  readonly machine: Machine;
  /** The machine as the brick's name calls it. */
  readonly host: string;
  readonly path: string;
  readonly arbiter: boolean;
}

/** Files that leave bricks for others: to spread them over all (rebalance), or to empty some (remove-brick). */
export interface Migration {
  readonly kind: 'rebalance' | 'remove-brick';
  readonly task: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  stoppedAt?: number;
  /** Whose files are moved. */
  readonly bricks: readonly PoolBrick[];
}

export interface PoolVolume {
  readonly name: string;
  readonly uuid: string;
  status: 'created' | 'started' | 'stopped';
  readonly replica: number;
  readonly arbiters: number;
  readonly disperse: number;
  readonly redundancy: number;
  bricks: readonly PoolBrick[];
  /** Data on the move, or the last that was. */
  migration?: Migration;
  /** When it was started; monotonic milliseconds. */
  startedAt?: number;
  /** When a brick was put in empty, by its place: it has to be healed from the others since. */
  readonly emptied: Map<string, number>;
  /** What somebody set, over gluster's own. */
  readonly options: Map<string, string>;
}

/** A brick as command lines name it. */
export const keyOf = ({ host, path }: Pick<PoolBrick, 'host' | 'path'>): string => `${host}:${path}`;

export class TrustedPool {
  members: readonly Machine[];
  readonly #volumes = new Map<string, PoolVolume>();
  /** Brick directories of all volumes, by machine. */
  readonly #bricks = new Map<Machine, PathSet>();

  constructor(members: readonly Machine[]) {
    this.members = members;
  }

  get volumes(): readonly PoolVolume[] {
    return [...this.#volumes.values()];
  }

  volume(name: string): PoolVolume | undefined {
    return this.#volumes.get(name);
  }

  add(volume: PoolVolume): void {
    this.#volumes.set(volume.name, volume);
    volume.bricks.forEach(({ machine, path }) => this.#bricksOf(machine).add(path));
  }

  remove(volume: PoolVolume): void {
    this.#volumes.delete(volume.name);
    volume.bricks.forEach(({ machine, path }) => this.#bricksOf(machine).delete(path));
  }

  addBricks(volume: PoolVolume, bricks: readonly PoolBrick[]): void {
    volume.bricks = [...volume.bricks, ...bricks];
    bricks.forEach(({ machine, path }) => this.#bricksOf(machine).add(path));
  }

  removeBricks(volume: PoolVolume, bricks: readonly PoolBrick[]): void {
    volume.bricks = volume.bricks.filter((brick) => !bricks.includes(brick));
    bricks.forEach(({ machine, path }) => this.#bricksOf(machine).delete(path));
  }

  replaceBrick(volume: PoolVolume, from: PoolBrick, to: PoolBrick): void {
    volume.bricks = volume.bricks.map((brick) => (brick === from ? to : brick));
    this.#bricksOf(from.machine).delete(from.path);
    this.#bricksOf(to.machine).add(to.path);
  }

  /** Whether the directory is a brick, lies in one or around one. */
  isTaken(machine: Machine, path: string): boolean {
    return this.#bricksOf(machine).touches(path);
  }

  /** The member with that host name. */
  member(host: string): Machine | undefined {
    return this.members.find((machine) => machine.storage === host || machine.manage === host);
  }

  /** Members that take part in what one of them does: it sees them, and neither rejects the other. */
  connected(from: Machine): readonly Machine[] {
    return this.members.filter((machine) => machine === from || (machine.seenByPeers && !this.rejects(from, machine)));
  }

  /** Whether two members are at odds: one of them differs from all others. */
  rejects(from: Machine, machine: Machine): boolean {
    return machine !== from && (machine.rejected || from.rejected);
  }

  /** Members that are not there at all, as seen from one of them. */
  away(from: Machine): readonly Machine[] {
    return this.members.filter((machine) => machine !== from && !machine.seenByPeers);
  }

  #bricksOf(machine: Machine): PathSet {
    const paths = this.#bricks.get(machine) ?? new PathSet();
    this.#bricks.set(machine, paths);
    return paths;
  }

  /** A member whose cable is cut and whom the others still wait for. */
  get stalling(): Machine | undefined {
    return this.members.find((machine) => machine.stalling);
  }
}

/** The mark that ties a directory to a volume. */
export const volumeMark = 'trusted.glusterfs.volume-id';

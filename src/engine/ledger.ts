import { messageOf } from '../domain/error-message.ts';
import type { ClusterId, NodeId, VolumeId } from '../domain/names.ts';
import { done, unknown, type Outcome } from '../domain/outcome.ts';
import { PlacementPool } from '../domain/placement/pool.ts';
import type { BrickRecord, VolumeRecord } from '../domain/volume.ts';
import type { Quarantined, StoreContents } from './documents.ts';
import { GidLedger, type GidRange } from './gid-ledger.ts';
import type { StateStore } from './ports.ts';

/**
 * Every brick that a record answers for, with the space that is taken for it: those that are still to be made or to be
 * destroyed too, those that grow with what they will take, but none that is external.
 */
export function bricksOf(record: VolumeRecord): readonly BrickRecord[] {
  const { brickSets, discarded = [], growth } = record;
  const targets = new Map(growth?.bricks.map(({ id, footprint }) => [id, footprint]));
  const standing = brickSets.flat().map((brick) => {
    const target = targets.get(brick.id) ?? brick.footprint;
    return target > brick.footprint ? Object.assign({}, brick, { footprint: target }) : brick;
  });
  return [...standing, ...(growth?.sets.flat() ?? []), ...discarded].filter(({ external }) => external !== true);
}

interface Entry {
  record: VolumeRecord;
  /**
   * `arriving`: its first write is under way, and nobody but the writer has heard of it. `unsettled`: a write failed, so
   * the store may hold this record, the one before it, or none. `settled`: the store holds this record.
   */
  state: 'arriving' | 'settled' | 'unsettled';
  /** What is counted for it: the bricks of every version that may stand in the store, each at its largest. */
  counted: ReadonlyMap<BrickRecord['id'], BrickRecord>;
}

/**
 * The volumes' records in memory, and what follows from them: who holds which GID, and which bricks count on which
 * device. Nothing here is a counter that is written down: all of it is made anew from the records at every start.
 *
 * - **A reservation is made before the first await.** `add` counts the bricks in the same turn in which they were
 *   planned, so plans that are made side by side never overlap.
 * - **A record is visible once it is durable.** The exception is a write that failed. A failed write may have happened
 *   (StateStore), and there is no asking, so the new record is kept as `unsettled`: visible, so that whoever looks for
 *   ownerless volumes finds it; counted together with what it replaced; and written again by `settle` before anything is
 *   done on its account. The reservation of a first write that failed therefore ends like every other: by removing the
 *   record, which is the one write that is certain to leave nothing behind.
 * - **Space and GID are free when the record is gone**, not sooner.
 *
 * Writes about one volume must not overlap: the volume's lane sees to that.
 */
export class Ledger {
  readonly #store: StateStore;
  readonly #entries = new Map<VolumeId, Entry>();
  readonly #pools = new Map<ClusterId, PlacementPool>();
  readonly #clusterOfNode = new Map<NodeId, ClusterId>();
  readonly #gids = new GidLedger();
  #quarantined: ReadonlyMap<string, Quarantined> = new Map();

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Takes over what a store holds. Nodes come by `place`. */
  load(contents: StoreContents): void {
    for (const record of contents.volumes) {
      this.#entries.set(record.id, { record, state: 'settled', counted: new Map() });
      this.#count(record);
      if (record.gid !== undefined) {
        this.#gids.hold(record.gid, record.id);
      }
    }
    this.#quarantined = new Map(contents.quarantined.map((document) => [`${document.kind} ${document.id}`, document]));
    for (const { bricks, gid, id } of contents.quarantined) {
      for (const brick of bricks) {
        // Where its record says nothing legible of the cluster, the node tells.
        const cluster = this.#clusterOfNode.get(brick.node);
        if (cluster !== undefined) {
          this.pool(cluster).occupy(brick);
        }
      }
      if (gid !== undefined) {
        this.#gids.hold(gid, id);
      }
    }
  }

  /** Says which cluster a node's bricks count in. */
  place(node: NodeId, cluster: ClusterId): void {
    this.#clusterOfNode.set(node, cluster);
  }

  pool(cluster: ClusterId): PlacementPool {
    let pool = this.#pools.get(cluster);
    if (pool === undefined) {
      pool = new PlacementPool();
      this.#pools.set(cluster, pool);
    }
    return pool;
  }

  pools(): ReadonlyMap<ClusterId, PlacementPool> {
    return this.#pools;
  }

  volume(id: VolumeId): VolumeRecord | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined || entry.state === 'arriving' ? undefined : entry.record;
  }

  volumes(): readonly VolumeRecord[] {
    return [...this.#entries.values()].filter(({ state }) => state !== 'arriving').map(({ record }) => record);
  }

  /** How many volumes the owners of that namespace have. */
  countOf(namespace: string): number {
    return this.#entries.values().reduce((sum, { record }) => sum + (record.owner.namespace === namespace ? 1 : 0), 0);
  }

  quarantined(): readonly Quarantined[] {
    return [...this.#quarantined.values()];
  }

  quarantinedVolume(id: VolumeId): Quarantined | undefined {
    return this.#quarantined.get(`volume ${id}`);
  }

  /** The lowest free GID, held from now on for the volume: `add` its record in the same turn. */
  takeGid(range: GidRange, id: VolumeId): number | undefined {
    return this.#gids.take(range, id);
  }

  /** The commit of a new volume. Counts its bricks at once, before anything is awaited. */
  add(record: VolumeRecord): Promise<Outcome<void>> {
    this.#entries.set(record.id, { record, state: 'arriving', counted: new Map() });
    return this.#write(record);
  }

  /** As `add`, for a record that was made earlier and brings its GID along. */
  restore(record: VolumeRecord): Promise<Outcome<void>> {
    if (record.gid !== undefined) {
      this.#gids.hold(record.gid, record.id);
    }
    return this.add(record);
  }

  /** Replaces a record. Until that is durable the bricks of both versions count. */
  update(record: VolumeRecord): Promise<Outcome<void>> {
    return this.#write(record);
  }

  /** Volumes whose last write failed. */
  unsettled(): readonly VolumeId[] {
    return [...this.#entries].filter(([, { state }]) => state === 'unsettled').map(([id]) => id);
  }

  /** Writes again what may not have been written. */
  async settle(id: VolumeId): Promise<Outcome<void>> {
    const entry = this.#entries.get(id);
    return entry?.state === 'unsettled' ? this.#write(entry.record) : done();
  }

  /** Keeps facts that can be observed again at any time: they reach the store with the record's next write. */
  note(record: VolumeRecord): void {
    const entry = this.#entries.get(record.id);
    if (entry !== undefined) {
      entry.record = record;
    }
  }

  /** Removes the record, and with it the claim to space and GID. */
  async remove(id: VolumeId): Promise<Outcome<void>> {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      return done();
    }
    try {
      await this.#store.remove('volume', id);
    } catch (error) {
      entry.state = 'unsettled';
      return unknown(`the record of ${id} may or may not be removed: ${messageOf(error)}`);
    }
    this.#entries.delete(id);
    const pool = this.pool(entry.record.cluster);
    for (const brick of entry.counted.values()) {
      pool.vacate(brick);
    }
    if (entry.record.gid !== undefined) {
      this.#gids.release(entry.record.gid, id);
    }
    return done();
  }

  /** Removes the document of a volume that no parser reads, and the claims that could be read in it. */
  async removeQuarantined(id: VolumeId): Promise<Outcome<void>> {
    const key = `volume ${id}`;
    const document = this.#quarantined.get(key);
    if (document === undefined) {
      return done();
    }
    try {
      await this.#store.remove('volume', id);
    } catch (error) {
      return unknown(`the document of ${id} may or may not be removed: ${messageOf(error)}`);
    }
    this.#quarantined = new Map([...this.#quarantined].filter(([other]) => other !== key));
    for (const brick of document.bricks) {
      const cluster = this.#clusterOfNode.get(brick.node);
      if (cluster !== undefined) {
        this.pool(cluster).vacate(brick);
      }
    }
    if (document.gid !== undefined) {
      this.#gids.release(document.gid, id);
    }
    return done();
  }

  async #write(record: VolumeRecord): Promise<Outcome<void>> {
    this.#count(record);
    let failure: unknown;
    try {
      await this.#store.put({ kind: 'volume', id: record.id, body: record });
    } catch (error) {
      failure = error;
    }
    const entry = this.#entries.get(record.id);
    if (entry === undefined) {
      throw new Error(`the record of ${record.id} vanished while it was written`);
    }
    entry.record = record;
    if (failure !== undefined) {
      entry.state = 'unsettled';
      return unknown(`the record of ${record.id} may or may not be written: ${messageOf(failure)}`);
    }
    entry.state = 'settled';
    this.#discount(entry);
    return done();
  }

  /** Counts the record's bricks beside those that count for it already. */
  #count(record: VolumeRecord): void {
    const entry = this.#entries.get(record.id);
    if (entry === undefined) {
      throw new Error(`no record of ${record.id}`);
    }
    const pool = this.pool(record.cluster);
    const counted = new Map(entry.counted);
    for (const brick of bricksOf(record)) {
      const before = counted.get(brick.id);
      if (before === undefined || before.footprint < brick.footprint) {
        recount(pool, before, brick);
        counted.set(brick.id, brick);
      }
    }
    entry.counted = counted;
  }

  /** Stops counting what the record, now durable, does not name any more, or names with less. */
  #discount(entry: Entry): void {
    const pool = this.pool(entry.record.cluster);
    const kept = new Map(bricksOf(entry.record).map((brick) => [brick.id, brick]));
    for (const [id, brick] of entry.counted) {
      const now = kept.get(id);
      if (now?.footprint !== brick.footprint) {
        recount(pool, brick, now);
      }
    }
    entry.counted = kept;
  }
}

/** In one turn: nobody can plan on what is free in between. */
function recount(pool: PlacementPool, before: BrickRecord | undefined, after: BrickRecord | undefined): void {
  if (before !== undefined) {
    pool.vacate(before);
  }
  if (after !== undefined) {
    pool.occupy(after);
  }
}

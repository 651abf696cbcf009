/**
 * The records as they were before and after a look at the outside. Work goes on meanwhile, so only what stood still in
 * both can be held against what was seen, and what is in either is known.
 */
import type { BrickId, ClusterId, DeviceName, NodeId, VolumeId } from '../../domain/names.ts';
import type { BrickLoad } from '../../domain/placement/pool.ts';
import type { BrickRecord, VolumeRecord } from '../../domain/volume.ts';
import type { Quarantined } from '../documents.ts';
import { bricksOf, type Ledger } from '../ledger.ts';

export interface Snapshot {
  readonly volumes: ReadonlyMap<VolumeId, VolumeRecord>;
  readonly quarantined: readonly Quarantined[];
}

export function snapshotOf(ledger: Ledger): Snapshot {
  return {
    volumes: new Map(ledger.volumes().map((record) => [record.id, record])),
    quarantined: ledger.quarantined(),
  };
}

export class Known {
  readonly #before: Snapshot;
  readonly #after: Snapshot;
  readonly #names: ReadonlySet<string>;
  readonly #bricks: ReadonlyMap<BrickId, BrickLoad>;
  readonly #loads: ReadonlyMap<string, readonly BrickLoad[]>;
  readonly #recorded: ReadonlyMap<string, readonly BrickRecord[]>;

  constructor(before: Snapshot, after: Snapshot) {
    this.#before = before;
    this.#after = after;
    const records = [...before.volumes.values(), ...after.volumes.values()];
    this.#names = new Set(records.map(({ cluster, name }) => `${cluster}/${name}`));
    const loads: readonly BrickLoad[] = [
      ...records.flatMap((record) => bricksOf(record)),
      ...[...before.quarantined, ...after.quarantined].flatMap(({ bricks }) => bricks),
    ];
    this.#bricks = new Map(loads.map((brick) => [brick.id, brick]));
    this.#loads = Map.groupBy(this.#bricks.values(), placeOf);
    this.#recorded = Map.groupBy(
      this.records().flatMap((record) => bricksOf(record)),
      placeOf,
    );
  }

  /** Every record of now. */
  records(): readonly VolumeRecord[] {
    return [...this.#after.volumes.values()];
  }

  /** Records that were `ready` all the time and did not change. */
  steady(): readonly VolumeRecord[] {
    return this.records().filter((record) => {
      const earlier = this.#before.volumes.get(record.id);
      return record.phase === 'ready' && earlier !== undefined && JSON.stringify(earlier) === JSON.stringify(record);
    });
  }

  quarantined(): readonly Quarantined[] {
    return this.#after.quarantined;
  }

  hasVolume(cluster: ClusterId, name: string): boolean {
    return this.#names.has(`${cluster}/${name}`);
  }

  hasRecord(id: VolumeId): boolean {
    return this.#before.volumes.has(id) || this.#after.volumes.has(id);
  }

  isQuarantined(id: string): boolean {
    return [...this.#before.quarantined, ...this.#after.quarantined].some(
      (document) => document.kind === 'volume' && document.id === id,
    );
  }

  hasBrick(id: BrickId): boolean {
    return this.#bricks.has(id);
  }

  /** Everything that may stand on the device on a record's account. */
  loadsOn(node: NodeId, device: DeviceName): readonly BrickLoad[] {
    return this.#loads.get(placeOf({ node, device })) ?? [];
  }

  /** Bricks that records of now put on the device. */
  bricksOn(node: NodeId, device: DeviceName): readonly BrickRecord[] {
    return this.#recorded.get(placeOf({ node, device })) ?? [];
  }
}

const placeOf = ({ node, device }: Pick<BrickLoad, 'node' | 'device'>): string => `${node} ${device}`;

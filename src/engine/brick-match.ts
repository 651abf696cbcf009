/** Whether the bricks that gluster names are those of a record. */
import { brickIdGrammar, type BrickId } from '../domain/names.ts';
import type { BrickRecord, VolumeRecord } from '../domain/volume.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { BrickAddress, GlusterVolume } from './ports.ts';

export type BrickMatch =
  /**
   * Brick by brick those of the record, whose paths are filled in now, and behind them those of the first `added` sets by
   * which it is growing.
   */
  | { readonly kind: 'same'; readonly record: VolumeRecord; readonly added: number }
  /** All of them bricks that this volume had in an earlier plan: a create that landed after it was given up. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'foreign'; readonly reason: string };

/** The brick that a path belongs to: one of its segments is the brick's id (BrickFacts.path). */
export function brickOfPath(path: string): string | undefined {
  return path.split('/').find((segment) => brickIdGrammar.test(segment));
}

/** `<uuid>-<set>-<position>-<generation>` */
function generationOf(id: BrickId): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}

/** The highest generation of any brick that the record knows of. */
export function latestGeneration(record: VolumeRecord): number {
  return Math.max(
    ...[...record.brickSets, ...(record.growth?.sets ?? []), record.discarded ?? []]
      .flat()
      .map(({ id }) => generationOf(id)),
  );
}

/** Whether gluster's address is that of the record's brick. */
export function isBrick(brick: BrickRecord, address: BrickAddress, directory: NodeDirectory): boolean {
  const sameHost = directory.get(brick.node)?.storage === address.host;
  return sameHost && (brick.path === undefined ? brickOfPath(address.path) === brick.id : brick.path === address.path);
}

function isSuperseded(record: VolumeRecord, address: BrickAddress): boolean {
  const id = brickOfPath(address.path);
  return id?.startsWith(`${record.id}-`) === true && generationOf(id as BrickId) < latestGeneration(record);
}

/** How many of the sets by which a volume grows are among that many bricks. */
function setsAdded(record: VolumeRecord, bricks: number): number {
  const sets = record.growth?.sets ?? [];
  let left = bricks - record.brickSets.flat().length;
  return sets.filter(({ length }) => (left -= length) >= 0).length;
}

export function matchBricks(record: VolumeRecord, gluster: GlusterVolume, directory: NodeDirectory): BrickMatch {
  const addresses = gluster.bricks;
  const added = setsAdded(record, addresses.length);
  const bricks = [...record.brickSets, ...(record.growth?.sets.slice(0, added) ?? [])].flat();
  if (
    bricks.length === addresses.length &&
    bricks.every((brick, index) => {
      const address = addresses[index];
      return address !== undefined && isBrick(brick, address, directory);
    })
  ) {
    return {
      kind: 'same',
      record: withPaths(record, new Map(bricks.map(({ id }, index) => [id, addresses[index]?.path]))),
      added,
    };
  }
  if (addresses.length > 0 && addresses.every((address) => isSuperseded(record, address))) {
    return { kind: 'superseded' };
  }
  const named = addresses.map(({ host, path }) => `${host}:${path}`).join(', ');
  return {
    kind: 'foreign',
    reason: `volume ${record.name} stands in gluster with bricks that are not its own: ${named}`,
  };
}

/** The record with the paths of its bricks. The same object when nothing is new. */
export function withPaths(record: VolumeRecord, paths: ReadonlyMap<BrickId, string | undefined>): VolumeRecord {
  const isNew = ({ id, path }: BrickRecord): boolean => path === undefined && paths.get(id) !== undefined;
  const { brickSets, growth } = record;
  if (![...brickSets, ...(growth?.sets ?? [])].flat().some(isNew)) {
    return record;
  }
  const filled = (sets: VolumeRecord['brickSets']): VolumeRecord['brickSets'] =>
    sets.map((set) =>
      set.map((brick) => (isNew(brick) ? Object.assign({}, brick, { path: paths.get(brick.id) }) : brick)),
    );
  return {
    ...record,
    brickSets: filled(brickSets),
    ...(growth === undefined ? {} : { growth: { ...growth, sets: filled(growth.sets) } }),
  };
}

/** Whether the path of every brick that serves is known. */
export function hasPaths(record: VolumeRecord): boolean {
  return record.brickSets.flat().every(({ path }) => path !== undefined);
}

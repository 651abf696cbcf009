/**
 * What a volume says of itself in gluster, as `user.brickyard.*` options, so that its record can be written again after
 * the store was lost, byte for byte and also while a node is down. Only the bricks' paths are left to gluster itself.
 *
 * | option | holds |
 * |---|---|
 * | `schema` | version of all the others |
 * | `volume`, `size`, `durability`, `snapshot-factor`, `gid`, `created` | fields of the record |
 * | `uid`, `namespace`, `name`, `class` | its owner |
 * | `bricks-N` | node, device, size and footprint of each brick, in parts |
 * | `discarded-N` | the same of bricks that an earlier plan may have left |
 * | `placement-N` | its placement rules, as JSON; none when they are the usual ones |
 * | `options-N` | the options that were asked for: gluster adds others of its own |
 */
import { describeDurability, parseDurability, type Durability } from '../domain/durability.ts';
import { volumeId, type VolumeId } from '../domain/names.ts';
import { optionValueGrammar, reservedOptionPrefix } from '../domain/options.ts';
import { placementRules } from '../domain/placement-rules.ts';
import { bytes } from '../domain/quantity.ts';
import type { BrickRecord, VolumeOption, VolumeRecord } from '../domain/volume.ts';
import { chunksOf, encode, joinChunks, readBricks, readOptions, writeBricks, writeOptions } from './identity-text.ts';

/** The part of a record that options carry. */
export interface Identity {
  readonly id: VolumeId;
  readonly size: VolumeRecord['size'];
  readonly durability: Durability;
  readonly options: readonly VolumeOption[];
  readonly snapshotFactor: number;
  readonly gid?: number;
  readonly placement?: VolumeRecord['placement'];
  readonly owner: VolumeRecord['owner'];
  readonly createdAt: string;
  /** In gluster's order, without their paths. */
  readonly bricks: readonly BrickRecord[];
  readonly discarded: readonly BrickRecord[];
}

const schemaVersion = '1';

/**
 * The options of a record. A fact that is empty has none, because gluster takes no empty value, nor has one that is too
 * long: Kubernetes has no such names, and the volume itself is found by its id.
 */
export function identityOptions(record: VolumeRecord): readonly VolumeOption[] {
  const facts: readonly (readonly [key: string, value: string])[] = [
    ['schema', schemaVersion],
    ['volume', record.id],
    ['size', String(record.size)],
    ['durability', encode(describeDurability(record.durability).replaceAll(' ', '-'))],
    ['snapshot-factor', String(record.snapshotFactor)],
    ['gid', record.gid === undefined ? '' : String(record.gid)],
    ['uid', encode(record.owner.uid)],
    ['namespace', encode(record.owner.namespace)],
    ['name', encode(record.owner.name)],
    ['class', encode(record.owner.className)],
    ['created', record.createdAt],
    ...numbered('bricks', writeBricks(record.id, record.brickSets.flat())),
    ...numbered('discarded', writeBricks(record.id, record.discarded ?? [])),
    ...numbered('placement', record.placement === undefined ? '' : encode(JSON.stringify(record.placement))),
    ...numbered('options', writeOptions(record.options)),
  ];
  return facts
    .filter(([, value]) => optionValueGrammar.test(value))
    .map(([key, value]) => ({ key: reservedOptionPrefix + key, value }));
}

const numbered = (key: string, text: string): readonly (readonly [string, string])[] =>
  chunksOf(text).map((value, index) => [`${key}-${index + 1}`, value]);

/** Whether anything of the family is set, legible or not: then the volume is, or was, one of ours. */
export function hasIdentity(options: ReadonlyMap<string, string>): boolean {
  return [...options.keys()].some((key) => key.startsWith(reservedOptionPrefix));
}

/** What a volume's options say of it. `undefined` when it is none of ours, or of a version that we do not know. */
export function identityOf(options: ReadonlyMap<string, string>): Identity | undefined {
  const fact = (key: string): string => options.get(reservedOptionPrefix + key) ?? '';
  const text = (key: string): string => joinChunks((index) => options.get(`${reservedOptionPrefix}${key}-${index}`));
  if (fact('schema') !== schemaVersion) {
    return undefined;
  }
  try {
    const gid = fact('gid');
    const placement = text('placement');
    const id = volumeId(fact('volume'));
    return {
      id,
      size: bytes(Number(fact('size'))),
      durability: parseDurability(decodeURIComponent(fact('durability')).replaceAll('-', ' ')),
      options: readOptions(text('options')),
      snapshotFactor: Number(fact('snapshot-factor')),
      ...(gid === '' ? {} : { gid: Number(gid) }),
      ...(placement === '' ? {} : { placement: placementRules.parse(JSON.parse(decodeURIComponent(placement))) }),
      owner: {
        uid: decodeURIComponent(fact('uid')),
        namespace: decodeURIComponent(fact('namespace')),
        name: decodeURIComponent(fact('name')),
        className: decodeURIComponent(fact('class')),
      },
      createdAt: fact('created'),
      bricks: readBricks(id, text('bricks')),
      discarded: readBricks(id, text('discarded')),
    };
  } catch {
    // Somebody changed the options by hand: then they prove nothing.
    return undefined;
  }
}

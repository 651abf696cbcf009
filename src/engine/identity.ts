/**
 * What a volume says of itself outside the store, so that its record can be written again after that was lost, byte for
 * byte and also while a node is down. Only the bricks' paths are left to gluster itself. It says so in two places:
 *
 * - **Each brick that it was born with** carries all of it as one text, written with the brick and at no cost of its own:
 *   `key=value` joined by `&`. Any one of them will do. A text that is too long for a brick is not written at all.
 * - **Options `user.brickyard.*`** of the volume hold it once it is another than at birth (the volume has grown), or was too
 *   long for a brick. They count before the bricks. Volumes of earlier versions have them from birth, and nothing on bricks.
 *
 * | key | holds |
 * |---|---|
 * | `schema` | version of all the others |
 * | `volume`, `size`, `durability`, `snapshot-factor`, `gid`, `created` | fields of the record |
 * | `uid`, `namespace`, `name`, `class` | its owner; on a brick no `uid` when that is the volume's |
 * | `bricks` | node, device, size and footprint of each brick |
 * | `discarded` | the same of bricks that an earlier plan may have left |
 * | `placement` | its placement rules, as JSON; none when they are the usual ones |
 * | `options` | the options that were asked for: gluster adds others of its own |
 *
 * As options the last four are `bricks-N` and so on, in parts.
 */
import { brickIdentity, type BrickIdentity } from '../domain/brick-identity.ts';
import { describeDurability, parseDurability, type Durability } from '../domain/durability.ts';
import { NameError, volumeId, type VolumeId } from '../domain/names.ts';
import { optionValueGrammar, reservedOptionPrefix } from '../domain/options.ts';
import { placementRules } from '../domain/placement-rules.ts';
import { bytes } from '../domain/quantity.ts';
import type { BrickRecord, VolumeOption, VolumeRecord } from '../domain/volume.ts';
import {
  chunksOf,
  encode,
  forBricks,
  fromBricks,
  joinChunks,
  readBricks,
  readOptions,
  writeBricks,
  writeBricksBriefly,
  writeOptions,
} from './identity-text.ts';

/** The part of a record that a volume says. */
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

type Fact = readonly [key: string, value: string];

const schemaVersion = '1';

/** Facts of one word. */
const shortFacts = (record: VolumeRecord): readonly Fact[] => [
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
];

/** Facts that are as long as the volume is large. */
const longFacts = (record: VolumeRecord, bricks: typeof writeBricks): readonly Fact[] => [
  ['bricks', bricks(record.id, record.brickSets.flat())],
  ['discarded', bricks(record.id, record.discarded ?? [])],
  ['placement', record.placement === undefined ? '' : encode(JSON.stringify(record.placement))],
  ['options', writeOptions(record.options)],
];

/**
 * The options of a record. A fact that is empty has none, because gluster takes no empty value, nor has one that is too
 * long: Kubernetes has no such names, and the volume itself is found by its id.
 */
export function identityOptions(record: VolumeRecord): readonly VolumeOption[] {
  return [...shortFacts(record), ...longFacts(record, writeBricks).flatMap(numbered)]
    .filter(([, value]) => optionValueGrammar.test(value))
    .map(([key, value]) => ({ key: reservedOptionPrefix + key, value }));
}

const numbered = ([key, text]: Fact): readonly Fact[] =>
  chunksOf(text).map((value, index) => [`${key}-${index + 1}`, value]);

/** The text of a record for its bricks. `undefined`: it is too long for that, and the volume needs the options. */
export function birthIdentity(record: VolumeRecord): BrickIdentity | undefined {
  const { id, owner } = record;
  const text = [...shortFacts(record), ...longFacts(record, writeBricksBriefly)]
    .filter(([key, value]) => (key === 'uid' ? owner.uid !== id : value !== ''))
    .map(([key, value]) => `${key}=${forBricks(value)}`)
    .join('&');
  try {
    return brickIdentity(text);
  } catch (error) {
    if (error instanceof NameError) {
      return undefined;
    }
    throw error;
  }
}

/** Whether anything of the family is set, legible or not: then the volume is, or was, one of ours. */
export function hasIdentity(options: ReadonlyMap<string, string>): boolean {
  return [...options.keys()].some((key) => key.startsWith(reservedOptionPrefix));
}

/** What a volume's options say of it. `undefined` when it is none of ours, or of a version that we do not know. */
export function identityOf(options: ReadonlyMap<string, string>): Identity | undefined {
  const fact = (key: string): string => options.get(reservedOptionPrefix + key) ?? '';
  return identityFrom(fact, (key) => joinChunks((index) => options.get(`${reservedOptionPrefix}${key}-${index}`)));
}

/** What a brick's text says of its volume. `undefined` when it is none of ours, or of a version that we do not know. */
export function identityOfText(text: string): Identity | undefined {
  const facts = new Map(
    text.split('&').map((part) => {
      const cut = part.indexOf('=');
      return [part.slice(0, cut), fromBricks(part.slice(cut + 1))];
    }),
  );
  const fact = (key: string): string => facts.get(key) ?? '';
  return identityFrom((key) => (key === 'uid' && !facts.has(key) ? fact('volume') : fact(key)), fact);
}

function identityFrom(fact: (key: string) => string, text: (key: string) => string): Identity | undefined {
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
    // Somebody changed it by hand: then it proves nothing.
    return undefined;
  }
}

/** Whether two say the same, bricks of earlier plans left out: those are cleared away while a volume is being made. */
export function sameIdentity(one: Identity, other: Identity): boolean {
  const essence = ({ discarded: _cleared, ...rest }: Identity): string => JSON.stringify(rest);
  return essence(one) === essence(other);
}

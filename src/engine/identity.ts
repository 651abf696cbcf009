/**
 * What a volume says of itself in gluster, as `user.brickyard.*` options, so that its record can be written again after
 * the store was lost. Bricks say the rest: gluster knows their nodes and paths, and each path names the brick.
 */
import { describeDurability } from '../domain/durability.ts';
import { volumeId, type VolumeId } from '../domain/names.ts';
import { optionValueGrammar, reservedOptionPrefix } from '../domain/options.ts';
import { bytes } from '../domain/quantity.ts';
import type { VolumeOption, VolumeRecord } from '../domain/volume.ts';

/** The part of a record that options carry. */
export interface Identity {
  readonly id: VolumeId;
  readonly size: VolumeRecord['size'];
  readonly snapshotFactor: number;
  readonly gid?: number;
  readonly owner: VolumeRecord['owner'];
  readonly createdAt: string;
}

const schemaVersion = '1';

/** Percent-encodes whatever the grammar of option values does not take. Names of Kubernetes objects pass unchanged. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*~]|^-/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * One option a fact. A fact that is empty has none, because gluster takes no empty value, nor has one that is too long:
 * Kubernetes has no such names, and the volume itself is found by its id.
 */
export function identityOptions(record: VolumeRecord): readonly VolumeOption[] {
  const facts: Readonly<Record<string, string>> = {
    schema: schemaVersion,
    volume: record.id,
    size: String(record.size),
    // For people who look at `gluster volume info`; the bricks say it again.
    durability: encode(describeDurability(record.durability).replaceAll(' ', '-')),
    'snapshot-factor': String(record.snapshotFactor),
    gid: record.gid === undefined ? '' : String(record.gid),
    uid: encode(record.owner.uid),
    namespace: encode(record.owner.namespace),
    name: encode(record.owner.name),
    class: encode(record.owner.className),
    created: record.createdAt,
  };
  return Object.entries(facts)
    .filter(([, value]) => optionValueGrammar.test(value))
    .map(([key, value]) => ({ key: reservedOptionPrefix + key, value }));
}

/** What a volume's options say of it. `undefined` when it is none of ours, or of a version that we do not know. */
export function identityOf(options: ReadonlyMap<string, string>): Identity | undefined {
  const fact = (key: string): string => options.get(reservedOptionPrefix + key) ?? '';
  if (fact('schema') !== schemaVersion) {
    return undefined;
  }
  try {
    const gid = fact('gid');
    return {
      id: volumeId(fact('volume')),
      size: bytes(Number(fact('size'))),
      snapshotFactor: Number(fact('snapshot-factor')),
      ...(gid === '' ? {} : { gid: Number(gid) }),
      owner: {
        uid: decodeURIComponent(fact('uid')),
        namespace: decodeURIComponent(fact('namespace')),
        name: decodeURIComponent(fact('name')),
        className: decodeURIComponent(fact('class')),
      },
      createdAt: fact('created'),
    };
  } catch {
    // Somebody changed the options by hand: then they prove nothing.
    return undefined;
  }
}

/**
 * How records' facts become values of gluster options, or a text that a brick carries, and back. An option's value has 256
 * characters. Each grammar is narrow, and they differ in two signs.
 */
import { brickIdGrammar, brickId, deviceName, nodeId, type VolumeId } from '../domain/names.ts';
import { bytes } from '../domain/quantity.ts';
import type { BrickRecord, VolumeOption } from '../domain/volume.ts';

/** Percent-encodes whatever the grammar of option values does not take. Names of Kubernetes objects pass unchanged. */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*~]|^-/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const chunkLength = 230;

/**
 * A long text as values `1/2:...`, `2/2:...`. Each says how many there are, so that what an earlier, longer text has left
 * behind is not taken for a part of this one.
 */
export function chunksOf(text: string): readonly string[] {
  const count = Math.ceil(text.length / chunkLength);
  return Array.from({ length: count }, (_none, index) => {
    const part = text.slice(index * chunkLength, (index + 1) * chunkLength);
    return `${index + 1}/${count}:${part}`;
  });
}

/** The text again. `chunk(n)` is the nth value, counted from 1. Throws when one is missing or is no chunk. */
export function joinChunks(chunk: (index: number) => string | undefined): string {
  const count = Number(/^1\/(\d{1,4}):/.exec(chunk(1) ?? '')?.[1] ?? 0);
  let text = '';
  for (let index = 1; index <= count; index += 1) {
    const head = `${index}/${count}:`;
    const value = chunk(index);
    if (value?.startsWith(head) !== true) {
      throw new Error(`part ${index} of ${count} is missing`);
    }
    text += value.slice(head.length);
  }
  return text;
}

// Neither stands in a name, a device or an encoded text.
const between = '*';
const within = '=';

/** `<set>-<position>-<generation>=<d or a>=<node>=<device>=<bytes>=<bytes of footprint>`, joined by `*`. */
export function writeBricks(volume: VolumeId, bricks: readonly BrickRecord[]): string {
  return bricks
    .map(({ id, arbiter, node, device, size, footprint }) =>
      [id.slice(volume.length + 1), arbiter ? 'a' : 'd', node, device, size, footprint].join(within),
    )
    .join(between);
}

/** The same, where a fact that the brick before has as well is left out: most bricks of a volume are alike. */
export function writeBricksBriefly(volume: VolumeId, bricks: readonly BrickRecord[]): string {
  const parts = partsOf(writeBricks(volume, bricks)).map((part) => part.split(within));
  return parts
    .map((facts, index) => facts.map((fact, at) => (fact === parts[index - 1]?.[at] ? '' : fact)).join(within))
    .join(between);
}

/** Bricks without their paths. Throws when the text is neither what writeBricks nor what writeBricksBriefly writes. */
export function readBricks(volume: VolumeId, text: string): readonly BrickRecord[] {
  let before: readonly string[] = [];
  return partsOf(text).map((part) => {
    const facts = part.split(within).map((fact, at) => (fact === '' ? (before[at] ?? '') : fact));
    before = facts;
    const [suffix = '', role, node = '', device = '', size, footprint, ...rest] = facts;
    const id = `${volume}-${suffix}`;
    if (!brickIdGrammar.test(id) || (role !== 'a' && role !== 'd') || rest.length > 0) {
      throw new Error(`not a brick: ${part}`);
    }
    return {
      id: brickId(id),
      node: nodeId(node),
      device: deviceName(device),
      size: bytes(Number(size)),
      footprint: bytes(Number(footprint)),
      arbiter: role === 'a',
    };
  });
}

/** `key=value` joined by `*`, in the record's order. */
export function writeOptions(options: readonly VolumeOption[]): string {
  return options.map(({ key, value }) => `${key}${within}${encode(value)}`).join(between);
}

/** Throws when the text is not what writeOptions writes. */
export function readOptions(text: string): readonly VolumeOption[] {
  return partsOf(text).map((part) => {
    const [key = '', value, ...rest] = part.split(within);
    if (key === '' || value === undefined || rest.length > 0) {
      throw new Error(`not an option: ${part}`);
    }
    return { key, value: decodeURIComponent(value) };
  });
}

const partsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(between));

/** In the alphabet of bricks' identities there is neither `%` nor `*`, and in that of options neither `#` nor `!`. */
export const forBricks = (text: string): string => text.replaceAll('%', '#').replaceAll('*', '!');
export const fromBricks = (text: string): string => text.replaceAll('#', '%').replaceAll('!', '*');

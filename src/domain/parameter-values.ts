/** From the text of one StorageClass parameter to its value. Each reader throws ParameterError on text it does not take. */
import type { Durability } from './durability.ts';
import { clusterId, NameError, volumeNamePrefixGrammar, type ClusterId } from './names.ts';
import { parseVolumeOptions } from './options.ts';
import { tagRule, type TagRule } from './placement-rules.ts';
import type { VolumeOption } from './volume.ts';

/** Text that a parameter does not take. `message` says what was expected and what came, without the key. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
}

function expected(what: string, got: string): ParameterError {
  return new ParameterError(`expected ${what}, got ${JSON.stringify(got)}`);
}

/** Runs a parser of names for `field` and gives its complaint this file's type, without `field` in front. */
function named<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof NameError) {
      throw new ParameterError(error.message.slice(field.length).replace(/^:? /, ''), { cause: error });
    }
    throw error;
  }
}

/** A whole number written in digits only, from `min` to `max`. */
export function wholeNumber(text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw expected(`a whole number from ${min} to ${max}`, text);
  }
  return value;
}

/** One of a few words, in any case. */
export function oneOf<T extends string>(text: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === text.trim().toLowerCase());
  if (word === undefined) {
    throw expected(`one of ${words.join(', ')}`, text);
  }
  return word;
}

const volumeTypes = 'replicate:N (N copies, 2 to 16), arbiter, disperse:D:R (D data and R redundancy), or none';

/** `replicate`, `replicate:N`, `arbiter`, `disperse:D:R`, `none`, `distribute`; in any case. */
export function volumeType(text: string): Durability {
  const [type, ...fields] = text.trim().toLowerCase().split(':');
  switch (type) {
    case 'replicate':
      return replicate(text, fields);
    case 'disperse':
      return disperse(text, fields);
    case 'arbiter':
    case 'none':
    case 'distribute':
      if (fields.length > 0) {
        throw expected(`${type} without anything after it`, text);
      }
      return { kind: type === 'arbiter' ? 'arbiter' : 'distribute' };
    case undefined:
    default:
      throw expected(volumeTypes, text);
  }
}

function replicate(text: string, fields: readonly string[]): Durability {
  const [copies = '3', ...rest] = fields;
  if (rest.length > 0) {
    throw expected('replicate:N with one number (for an arbiter write "arbiter")', text);
  }
  const count = /^\d{1,2}$/.test(copies) ? Number(copies) : 0;
  if (count < 2 || count > 16) {
    throw expected('replicate:N with N from 2 to 16 (for one copy write "none")', text);
  }
  return { kind: 'replicate', count };
}

function disperse(text: string, fields: readonly string[]): Durability {
  const [data = 0, redundancy = 0, ...rest] = fields.map((field) => (/^\d{1,2}$/.test(field) ? Number(field) : 0));
  // Gluster's own rule: a set must be able to lose fewer bricks than it needs to be read.
  if (rest.length > 0 || data < 2 || data > 16 || redundancy < 1 || redundancy > 8 || redundancy >= data) {
    throw expected('disperse:D:R with D from 2 to 16, R from 1 to 8, and R less than D', text);
  }
  return { kind: 'disperse', data, redundancy };
}

/** A comma list of cluster names, blanks around them ignored. Empty: any cluster. */
export function clusterList(text: string): readonly ClusterId[] {
  if (text.trim() === '') {
    return [];
  }
  return [...new Set(text.split(',').map((name) => named('cluster', () => clusterId(name.trim(), 'cluster'))))];
}

/** A list of `key value`, separated by commas. */
export function optionList(text: string): readonly VolumeOption[] {
  return named('option', () => parseVolumeOptions(text, 'option'));
}

/** What stands before `_<uid>` in gluster's name of a volume. Empty: `fallback`. */
export function namePrefix(text: string, fallback: string): string {
  if (text === '') {
    return fallback;
  }
  if (!volumeNamePrefixGrammar.test(text)) {
    throw expected('at most 32 letters, digits and - (not at an end)', text);
  }
  return text;
}

/** A decimal number from 1 to 100. Empty: 1. */
export function snapshotFactor(text: string): number {
  if (text.trim() === '') {
    return 1;
  }
  const value = /^\d{1,3}(?:\.\d{1,6})?$/.test(text.trim()) ? Number(text) : 0;
  if (value < 1 || value > 100) {
    throw expected('a number from 1 to 100', text);
  }
  return value;
}

/** A comma list of tag rules that one device can keep to, all of them. Empty: any device. */
export function tagRules(text: string): readonly TagRule[] {
  const rules = text.trim() === '' ? [] : text.split(',').map((rule) => readTagRule(rule.trim()));
  for (const [index, rule] of rules.entries()) {
    const other = rules.slice(0, index).find((each) => contradict(each, rule));
    if (other !== undefined) {
      const { key } = rule;
      const [first, second] = [other, rule].map(({ op, value }) => `${key}${op}${value}`);
      throw expected(`rules that a device can keep to (not both ${first} and ${second})`, text);
    }
  }
  return rules;
}

/** `key=value` or `key!=value`. Throws ParameterError. */
export function readTagRule(text: string): TagRule {
  const [, key, op, value] = /^([^=!]*)(!?=)(.*)$/.exec(text) ?? [];
  const read = tagRule.safeParse({ key, op, value });
  if (!read.success) {
    throw expected('key=value or key!=value, of letters, digits, _ . and -', text);
  }
  return read.data;
}

function contradict(a: TagRule, b: TagRule): boolean {
  const isSame = a.value === b.value;
  return a.key === b.key && (a.op === b.op ? a.op === '=' && !isSame : isSame);
}

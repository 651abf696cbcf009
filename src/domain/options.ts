/**
 * Gluster volume options: the grammar that text must keep to before it gets near a command line, and the list form
 * that StorageClasses use.
 */
import { NameError } from './names.ts';
import type { VolumeOption } from './volume.ts';

/** Words joined by dots, such as `performance.cache-size`; `group` (an option set of gluster's) has no dot. */
const optionKeyGrammar = /^(?=.{1,128}$)[a-z][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*$/;
/** One word. A leading `-` would be read as a flag; white space and commas separate options in the list form. */
export const optionValueGrammar = /^[a-zA-Z0-9_.:/*%@+][a-zA-Z0-9_.:/*%@+=-]{0,255}$/;

/** Options of this family hold what Brickyard itself must find again; nobody else sets them. */
export const reservedOptionPrefix = 'user.brickyard.';

/** Checks one option. Throws NameError, which names the option, what was expected and what came. */
export function volumeOptionOf(key: string, value: string, field = 'option'): VolumeOption {
  if (!optionKeyGrammar.test(key)) {
    throw new NameError(field, 'an option name such as performance.cache-size', key);
  }
  if (!optionValueGrammar.test(value)) {
    throw new NameError(`${field} ${key}`, 'a value of one word of letters, digits and _.:/*%@+=-', value);
  }
  return { key, value };
}

/**
 * Reads a list as the in-tree provisioner wrote it: `key value,key value`. Empty text is an empty list. Throws NameError
 * on an entry that is not two words, breaks the grammar, belongs to the reserved family, or names a key twice.
 */
export function parseVolumeOptions(text: string, field = 'option'): readonly VolumeOption[] {
  if (text.trim() === '') {
    return [];
  }
  const options = new Map<string, VolumeOption>();
  for (const entry of text.split(',')) {
    const [key, value, ...rest] = entry.trim().split(/\s+/);
    if (key === undefined || value === undefined || rest.length > 0) {
      throw new NameError(field, 'options as "key value", separated by commas', entry);
    }
    const option = volumeOptionOf(key, value, field);
    if (key.startsWith(reservedOptionPrefix)) {
      throw new NameError(field, `no option of the reserved family ${reservedOptionPrefix}*`, key);
    }
    if (options.has(key)) {
      throw new NameError(field, 'each option once', key);
    }
    options.set(key, option);
  }
  return [...options.values()];
}

/** The text by which a brick says whose it is: made with the brick, and kept in the words of whatever the brick is made of. */
import { NameError } from './names.ts';

/** What a symbolic link on XFS and a tag of LVM's both take: the one 1,023 bytes, the other 1,024 characters, its name included. */
export type BrickIdentity = string & { readonly __brand: 'BrickIdentity' };

export const longestBrickIdentity = 1000;
/** LVM's own alphabet for tags. Ours never begins with what could be read as a flag. */
const grammar = /^[a-z][a-zA-Z0-9_+./=!:&#-]*$/;

export function brickIdentity(text: string, field = 'identity'): BrickIdentity {
  if (text.length > longestBrickIdentity || !grammar.test(text)) {
    const expected = `at most ${longestBrickIdentity} letters, digits and _+./=!:&#-, a lower-case letter first`;
    throw new NameError(field, expected, text);
  }
  return text as BrickIdentity;
}

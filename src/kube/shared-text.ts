/**
 * One copy of a text that many objects have. Ten thousand claims say ReadWriteMany ten thousand times, and a JSON parser
 * makes a new string of each.
 */

/** A new text takes the place of another with the same hash, so those that are met all the time stay. */
const slots: string[] = Array.from({ length: 4_096 }, () => '');
/** Characters. What is longer says something of its own. */
const longest = 64;

/** A text that is equal, and most often the same one as the last time. */
export function shared(text: string): string {
  if (text.length > longest) {
    return text;
  }
  let hash = text.length;
  for (let at = 0; at < text.length; at += 1) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  }
  const slot = hash & (slots.length - 1);
  if (slots[slot] !== text) {
    slots[slot] = text;
  }
  return slots[slot] ?? text;
}

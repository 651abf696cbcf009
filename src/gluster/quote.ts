/** The one place where words become text that a shell reads. */

/**
 * A text of which a POSIX shell makes exactly this word. Between single quotes a shell takes everything as it stands, so
 * a single quote is the only thing to care for. Throws TypeError for what no program can be given: NUL, and halves of
 * characters, which UTF-8 cannot write.
 */
export function quoteWord(word: string): string {
  if (word.includes('\0') || !word.isWellFormed()) {
    throw new TypeError(`expected a word without NUL and broken characters, got ${JSON.stringify(word)}`);
  }
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The same for a command: its words, and nothing else, whatever they hold. */
export const quoteWords = (words: readonly string[]): string => words.map(quoteWord).join(' ');

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteWord, quoteWords } from '../../../src/gluster/quote.ts';

const shells = ['/bin/sh', '/bin/bash', '/bin/dash', '/usr/bin/zsh', '/usr/bin/ksh'].filter((path) => existsSync(path));

/** Whatever a program can be given: all of Unicode but NUL, and much of what shells care for. */
const word = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom(...`'"\\$\`!*?[]{}()<>|&;#~=%^ \t\n\r-aé\u0001\u007f`.split('')),
      maxLength: 40,
    }),
  )
  .map((text) => text.replaceAll('\0', ''));

/** The words that a program gets when the shell reads `line`, each ended by NUL. */
function received(shell: string, line: string): string[] {
  const { stdout, status, stderr } = spawnSync(shell, ['-c', line], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new Error(`${shell} gave ${status}: ${stderr}`);
  }
  return stdout.split('\0').slice(0, -1);
}

describe.each(shells)('words quoted for %s', (shell) => {
  it('arrive as they were, whatever they hold and however many', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        expect(received(shell, quoteWords(['env', 'printf', String.raw`%s\0`, ...words]))).toEqual(words);
      }),
      { numRuns: 120 },
    );
  });

  it('cannot begin a command of their own', () => {
    const line = quoteWords([
      'env',
      'printf',
      String.raw`%s\0`,
      "'; echo broken out #",
      '$(echo broken out)',
      '\n echo',
    ]);
    expect(received(shell, line)).toEqual(["'; echo broken out #", '$(echo broken out)', '\n echo']);
  });

  it('may be as long as a shell takes them', () => {
    const long = "it's ".repeat(10_000);
    expect(received(shell, quoteWords(['env', 'printf', String.raw`%s\0`, long]))).toEqual([long]);
  });
});

describe('words that no program can be given', () => {
  it('are refused', () => {
    expect(() => quoteWord('a\0b')).toThrow(TypeError);
    expect(() => quoteWord('half a \ud800 character')).toThrow('expected a word without NUL and broken characters');
  });
});

/** How a simulated program looks: words in, what a real one would print out. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { Machine } from '../machine.ts';

export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `undefined`: these words are none that the simulation knows, which is a fault of whoever built them. */
export type Tool = (machine: Machine, words: readonly string[]) => ToolResult | undefined;

export const printed = (stdout: string): ToolResult => ({ exitCode: 0, stdout, stderr: '' });
export const silent = printed('');
export const complaint = (exitCode: number, stderr: string): ToolResult => ({
  exitCode,
  stdout: '',
  stderr: `${stderr}\n`,
});

export interface Words {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** Takes words apart by the options that a tool has. Strict: an option that is not listed makes it `undefined`. */
export function wordsOf(words: readonly string[], options: ParseArgsOptionsConfig): Words | undefined {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch {
    return undefined;
  }
}

/** The value of an option that takes text. */
export function textOf(words: Words, option: string): string | undefined {
  const value = words.values[option];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that can be given several times. */
export function textsOf(words: Words, option: string): readonly string[] {
  const value = words.values[option];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

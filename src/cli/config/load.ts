import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { messageOf } from '../../domain/error-message.ts';
import { UsageError } from '../exit-codes.ts';
import { configFields } from './fields.ts';
import { completeConfig, configSchema, crossFieldProblems, type Config } from './schema.ts';
import { fromEnvironment, fromFile, fromFlags, type SourceValues } from './sources.ts';
import { didYouMean } from './suggest.ts';

export interface ConfigInputs {
  /** Values by flag name, such as `--workers`. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Name and content of the file, if there is one. */
  readonly file?: { readonly name: string; readonly content: string };
}

const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` wins, leaf by leaf. */
function overlay(
  under: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isBranch(below) && isBranch(value) ? overlay(below, value) : value;
  }
  return merged;
}

/** The names that could stand at `path`, for a suggestion. */
function siblings(path: readonly PropertyKey[]): string[] {
  const depth = path.length;
  const inside = configFields.filter((field) => path.every((key, index) => field.path[index] === key));
  return [...new Set(inside.map((field) => field.path[depth] ?? ''))].filter((name) => name !== '');
}

function describeIssue(issue: z.core.$ZodIssue, sourceOf: (path: readonly PropertyKey[]) => string): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) =>
        `${sourceOf([...issue.path, key])}: expected a known setting, got an unknown one${didYouMean(key, siblings(issue.path))}`,
    );
  }
  if (issue.code === 'invalid_type') {
    return [`${sourceOf(issue.path)}: expected a mapping with ${siblings(issue.path).join(', ')}, got something else`];
  }
  return [`${sourceOf(issue.path)}: ${issue.message}`];
}

/**
 * Merges file, environment and flags (a later one wins) and checks the whole. Throws UsageError with every problem on a
 * line of its own: source, field, what was expected, what came.
 */
export function resolveConfig(inputs: ConfigInputs): Config {
  // In rising precedence.
  const sources: SourceValues[] = [
    ...(inputs.file === undefined ? [] : [fromFile(inputs.file.name, inputs.file.content)]),
    fromEnvironment(configFields, inputs.environment),
    fromFlags(configFields, inputs.flags),
  ];
  const sourceOf = (path: readonly PropertyKey[]): string =>
    sources
      .toReversed()
      .map((source) => source.provenance(path))
      .find((name) => name !== undefined) ?? path.join('.');

  const problems = sources.flatMap((source) => source.problems);
  const merged = sources.reduce<Record<string, unknown>>((tree, source) => overlay(tree, source.values), {});
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, sourceOf)));
  } else {
    problems.push(...crossFieldProblems(parsed.data).map(({ path, message }) => `${sourceOf(path)}: ${message}`));
    if (problems.length === 0) {
      return completeConfig(parsed.data);
    }
  }
  throw new UsageError(problems.join('\n'));
}

/**
 * `resolveConfig` with the file read from disk: the one that `fileName` or BRICKYARD_CONFIG names.
 * Throws UsageError when it cannot be read.
 */
export async function loadConfig(
  flags: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
  fileName: string | undefined,
): Promise<Config> {
  const name = fileName ?? environment['BRICKYARD_CONFIG'];
  if (name === undefined || name === '') {
    return resolveConfig({ flags, environment });
  }
  let content: string;
  try {
    content = await readFile(name, 'utf8');
  } catch (error) {
    const source = fileName === undefined ? 'env BRICKYARD_CONFIG' : 'flag --config';
    throw new UsageError(`${source}: expected a readable file, got ${messageOf(error)}`);
  }
  return resolveConfig({ flags, environment, file: { name, content } });
}

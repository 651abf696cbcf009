import type { z } from 'zod';
import type { ConfigField } from './fields.ts';
import type { SourceValues } from './sources.ts';
import { didYouMean } from './suggest.ts';

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
function siblings(fields: readonly ConfigField[], path: readonly PropertyKey[]): string[] {
  const depth = path.length;
  const inside = fields.filter((field) => path.every((key, index) => field.path[index] === key));
  return [...new Set(inside.map((field) => field.path[depth] ?? ''))].filter((name) => name !== '');
}

function describeIssue(
  issue: z.core.$ZodIssue,
  fields: readonly ConfigField[],
  sourceOf: (path: readonly PropertyKey[]) => string,
): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) =>
        `${sourceOf([...issue.path, key])}: expected a known setting, got an unknown one${didYouMean(key, siblings(fields, issue.path))}`,
    );
  }
  if (issue.code === 'invalid_type') {
    return [
      `${sourceOf(issue.path)}: expected a mapping with ${siblings(fields, issue.path).join(', ')}, got something else`,
    ];
  }
  return [`${sourceOf(issue.path)}: ${issue.message}`];
}

/** What several sources say together, and what is wrong with it. */
export interface Merged<T> {
  /** Absent when the schema does not take it. */
  readonly data?: T;
  /** One line each: source, field, what was expected, what came. */
  readonly problems: readonly string[];
  /** Which source gave the value at a path, in words. */
  readonly sourceOf: (path: readonly PropertyKey[]) => string;
}

/** Merges sources given in rising precedence, leaf by leaf, and has the whole checked. */
export function mergeSources<T>(
  schema: z.ZodType<T>,
  fields: readonly ConfigField[],
  sources: readonly SourceValues[],
): Merged<T> {
  const sourceOf = (path: readonly PropertyKey[]): string =>
    sources
      .toReversed()
      .map((source) => source.provenance(path))
      .find((name) => name !== undefined) ?? path.join('.');
  const problems = sources.flatMap((source) => source.problems);
  const merged = sources.reduce<Record<string, unknown>>((tree, source) => overlay(tree, source.values), {});
  const parsed = schema.safeParse(merged);
  return parsed.success
    ? { data: parsed.data, problems, sourceOf }
    : {
        problems: [...problems, ...parsed.error.issues.flatMap((issue) => describeIssue(issue, fields, sourceOf))],
        sourceOf,
      };
}

/** What lint finds, and how what the parsers say becomes that. */
import type { z } from 'zod';
import { nearest } from '../../domain/nearest.ts';
import { issueWords } from '../../domain/schema.ts';
import type { FieldPath, Place, Source } from './source.ts';

export interface LintProblem extends Place {
  /** `StorageClass gluster`, or `topology`. */
  readonly object: string;
  /** `spec.accessModes`; empty for the object as a whole. */
  readonly field: string;
  /** What was expected and what came. */
  readonly message: string;
  /** What to do, as an imperative. */
  readonly fix: string;
}

/** An object of the input, as its problems name it. */
export interface Subject {
  readonly object: string;
  readonly source: Source;
}

export interface Complaint {
  readonly path: FieldPath;
  readonly message: string;
  readonly fix: string;
  /** It is about the name of the field, not about its value. */
  readonly onKey?: boolean;
}

function fieldOf(path: FieldPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

/** The complaint with its place. A field's name in front of the message is not said twice. */
export function problemAt({ object, source }: Subject, { path, message, fix, onKey }: Complaint): LintProblem {
  const field = fieldOf(path);
  const last = String(path.at(-1) ?? '');
  const prefix = [`${field}: `, `${last}: `].find((start) => message.startsWith(start)) ?? '';
  const place = source.place(path, onKey === true ? 'key' : 'value');
  return { ...place, object, field, message: message.slice(prefix.length), fix };
}

/** By file in the order of the input, then by place. */
export function inOrder(problems: readonly LintProblem[], files: readonly string[]): readonly LintProblem[] {
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.field, b.field) ||
      compare(a.message, b.message),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Issue = z.core.$ZodIssue;

/**
 * What a schema has against a value. `known` are the names that a mistyped key may have been meant to be; `toSource` says
 * where in the object a field of the schema stands.
 */
export function complaintsOf(
  issues: readonly Issue[],
  value: unknown,
  known: readonly string[] = [],
  toSource: (path: FieldPath) => FieldPath = (path) => path,
): Complaint[] {
  return issues.flatMap(unfolded).flatMap((issue): Complaint[] => {
    const path = toSource(issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key], known));
    }
    const came = valueAt(value, path);
    const words = issueWords(issue);
    const message = /\bgot\b/.test(words) ? words : `${words}, got ${came === undefined ? 'nothing' : show(came)}`;
    return [{ path, message, fix: fixFor(issue, path, came) }];
  });
}

export function unknownKey(path: FieldPath, known: readonly string[]): Complaint {
  const key = String(path.at(-1));
  const meant = nearest(key, known);
  return {
    path,
    message: `expected no such field${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    fix: meant === undefined ? 'take it out' : `write ${meant}`,
    onKey: true,
  };
}

function fixFor(issue: Issue, path: FieldPath, came: unknown): string {
  const field = String(path.at(-1) ?? '');
  if (came === undefined) {
    return `add ${field}`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof came !== 'object') {
    return `put it in quotes: ${field}: "${show(came)}"`;
  }
  return issue.code === 'invalid_value' ? `write ${issue.values.map(String).join(' or ')}` : 'write what is expected';
}

/** Of a choice of forms, what the last one says: that is the form with content, the others stand for nothing being there. */
function unfolded(issue: Issue): Issue[] {
  const last = issue.code === 'invalid_union' ? issue.errors.at(-1) : undefined;
  return last === undefined || last.length === 0
    ? [issue]
    : last.flatMap((inner) => unfolded({ ...inner, path: [...issue.path, ...inner.path] }));
}

export function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step)
        ? (inner as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    value,
  );
}

/** The text at that place; empty when there is none. */
export function textAt(value: unknown, ...path: FieldPath): string {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : '';
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

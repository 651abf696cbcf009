/** StorageClasses, read as the controller reads them. */
import { ZodError } from 'zod';
import { readClass } from '../../controller/class-problems.ts';
import { nearest } from '../../domain/nearest.ts';
import { knownSpellings, parameterTable, refusedParameters } from '../../domain/parameter-table.ts';
import { storageClasses, type StorageClass } from '../../kube/resources.ts';
import { isFields } from '../../store/kubernetes/wishes.ts';
import { complaintsOf, problemAt, textAt, type LintProblem, type Subject } from './problem.ts';
import type { FieldPath } from './source.ts';
import type { UsableClass } from './storage.ts';

/** Of a kind that the API server completes, what it would add. */
function completed(value: unknown): unknown {
  if (!isFields(value) || !isFields(value['metadata'])) {
    return value;
  }
  const { generateName, ...given } = value['metadata'];
  const name = typeof generateName === 'string' ? { name: `${generateName}x` } : {};
  const uid = '00000000-0000-4000-8000-000000000000';
  return { ...value, metadata: { uid, resourceVersion: '0', ...name, ...given } };
}

/** The object, or everything that makes it none. */
export function parsedAs<T>(subject: Subject, parse: (raw: unknown) => T): T | readonly LintProblem[] {
  const { value } = subject.source;
  try {
    return parse(completed(value));
  } catch (error) {
    if (error instanceof ZodError) {
      return complaintsOf(error.issues, value).map((complaint) => problemAt(subject, complaint));
    }
    throw error;
  }
}

export type LintedClass =
  /** For another provisioner: nothing is known of what it may say. */
  | { readonly kind: 'foreign'; readonly name: string; readonly provisioner: string }
  | { readonly kind: 'bad'; readonly name: string; readonly problems: readonly LintProblem[] }
  | {
      readonly kind: 'good';
      readonly name: string;
      readonly subject: Subject;
      readonly storageClass: StorageClass;
      readonly read: UsableClass;
    };

export function lintClass(subject: Subject, provisioner: string): LintedClass {
  const storageClass = parsedAs(subject, (raw) => storageClasses.parse(raw));
  if (!('metadata' in storageClass)) {
    const { value } = subject.source;
    const [name, named] = [textAt(value, 'metadata', 'name'), textAt(value, 'provisioner')];
    return named !== '' && named !== provisioner
      ? { kind: 'foreign', name, provisioner: named }
      : { kind: 'bad', name, problems: storageClass };
  }
  const { name } = storageClass.metadata;
  if (storageClass.provisioner !== provisioner) {
    return { kind: 'foreign', name, provisioner: storageClass.provisioner };
  }
  const read = readClass(storageClass);
  if (read.ok) {
    return { kind: 'good', name, subject, storageClass, read };
  }
  const problems = read.problems.map(({ path, message }) => {
    const key = path.at(-1) ?? '';
    if (path[0] !== 'parameters') {
      return problemAt(subject, { path: withIndexes(path), message, fix: 'write what is expected' });
    }
    const isKnown = Object.hasOwn(parameterTable, key.toLowerCase());
    return problemAt(subject, { path, message, fix: fixFor(key), onKey: !isKnown });
  });
  return { kind: 'bad', name, problems };
}

/** Names of fields are never numbers; only keys of a map, such as parameters, may be. */
const withIndexes = (path: readonly string[]): FieldPath =>
  path.map((step) => (/^\d+$/.test(step) ? Number(step) : step));

function fixFor(key: string): string {
  const row = Object.entries(parameterTable).find(([known]) => known === key.toLowerCase())?.[1];
  if (row !== undefined) {
    return `write for example ${row.spelling}: "${row.example}", or leave it out, which means ${row.defaultText}`;
  }
  const lower = key.toLowerCase();
  const meant = nearest(
    lower,
    knownSpellings.map((spelling) => spelling.toLowerCase()),
  );
  const spelling = knownSpellings.find((one) => one.toLowerCase() === meant);
  return refusedParameters.has(lower) || spelling === undefined ? 'take it out' : `write ${spelling}`;
}

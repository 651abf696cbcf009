/** metadata.managedFields: who owns which paths, read and written. */
import { isObject, setOwn, textAt } from '../json.ts';
import { joinPath, minus, splitPath } from './leaves.ts';
import type { Json, JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { Path } from './leaves.ts';

/** What one manager owns by one way of writing. */
export type Entry = {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  readonly time: string;
  readonly paths: ReadonlySet<Path>;
};

/** The entry without some of its paths. */
export function withoutPaths(entry: Entry, paths: ReadonlySet<Path>): Entry {
  return { ...entry, paths: minus(entry.paths, paths) };
}

/** Whether two entries are of the same owner. */
export function sameOwner(a: Entry, b: Omit<Entry, 'paths' | 'time'>): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.apiVersion === b.apiVersion &&
    a.subresource === b.subresource
  );
}

/** Entries that cannot be read are left out, which is also how clients reset them (`[{}]`). */
export function entriesOf(object: KubeObject): readonly Entry[] {
  const given = object.metadata['managedFields'];
  return Array.isArray(given) ? (given as readonly Json[]).flatMap((entry) => readEntry(entry)) : [];
}

function readEntry(entry: Json): readonly Entry[] {
  const operation = textAt(entry, 'operation');
  const fields = isObject(entry) ? entry['fieldsV1'] : undefined;
  if (!isObject(fields) || (operation !== 'Apply' && operation !== 'Update')) {
    return [];
  }
  const paths = new Set<Path>();
  readFields(fields, [], paths);
  return [
    {
      manager: textAt(entry, 'manager') ?? '',
      operation,
      apiVersion: textAt(entry, 'apiVersion') ?? '',
      subresource: textAt(entry, 'subresource'),
      time: textAt(entry, 'time') ?? '',
      paths,
    },
  ];
}

function readFields(fields: JsonObject, path: readonly string[], paths: Set<Path>): void {
  const names = Object.keys(fields);
  if (path.length > 0 && (names.length === 0 || names.includes('.'))) {
    paths.add(joinPath(path));
  }
  for (const name of names) {
    const inner = fields[name];
    if (name !== '.' && isObject(inner)) {
      readFields(inner, [...path, name], paths);
    }
  }
}

/** `object` with these owners, and none when nobody owns anything. */
export function withEntries<T extends KubeObject>(object: T, entries: readonly Entry[]): T {
  const { managedFields: _before, ...metadata } = object.metadata;
  const written = entries.filter((entry) => entry.paths.size > 0).map((entry) => writeEntry(entry));
  return { ...object, metadata: written.length === 0 ? metadata : { ...metadata, managedFields: written } };
}

function writeEntry(entry: Entry): JsonObject {
  return {
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    time: entry.time,
    fieldsType: 'FieldsV1',
    fieldsV1: writeFields(entry.paths),
    ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
  };
}

type Tree = { [element: string]: Tree };

function writeFields(paths: ReadonlySet<Path>): JsonObject {
  const root: Tree = {};
  const members = new Set<Tree>();
  for (const path of paths) {
    let here = root;
    for (const element of splitPath(path)) {
      const next = Object.hasOwn(here, element) ? here[element] : undefined;
      const child: Tree = next ?? {};
      if (next === undefined) {
        setOwn(here, element, child);
      }
      here = child;
    }
    members.add(here);
  }
  for (const member of members) {
    if (Object.keys(member).length > 0) {
      member['.'] = {};
    }
  }
  return root;
}

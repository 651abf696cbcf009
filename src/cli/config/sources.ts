import type { ConfigField } from './fields.ts';
import { didYouMean } from './suggest.ts';

/** Where a value came from, in the words of an error message: `flag --workers`, `env BRICKYARD_WORKERS`, `file x.yaml: workers`. */
export type Provenance = (path: readonly PropertyKey[]) => string | undefined;

/** What one source says, as a tree of the schema's shape. */
export interface SourceValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** Problems that are the source's own, before any schema is asked. */
  readonly problems: readonly string[];
  readonly provenance: Provenance;
}

/** Gives `tree` the value at `path`; branches are made as needed. */
function put(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const branch = (tree[key] ?? {}) as Record<string, unknown>;
  tree[key] = branch;
  put(branch, rest, value);
}

function fromNamed(
  fields: readonly ConfigField[],
  valueOf: (field: ConfigField) => string | undefined,
  nameOf: (field: ConfigField) => string,
): Omit<SourceValues, 'problems'> {
  const values: Record<string, unknown> = {};
  const named = new Map<string, string>();
  for (const field of fields) {
    const value = valueOf(field);
    if (value !== undefined) {
      put(values, field.path, value);
      named.set(field.path.join('.'), nameOf(field));
    }
  }
  return { values, provenance: (path) => named.get(path.join('.')) };
}

/** Flags, by the name of the flag without its dashes turned into anything: `{'--workers': '4'}`. */
export function fromFlags(fields: readonly ConfigField[], flags: ReadonlyMap<string, string>): SourceValues {
  return {
    ...fromNamed(
      fields,
      (field) => flags.get(field.flag),
      (field) => `flag ${field.flag}`,
    ),
    problems: [],
  };
}

// A Service called `brickyard` makes the kubelet put BRICKYARD_SERVICE_HOST, BRICKYARD_PORT_80_TCP and the like into every
// pod of its namespace. CONFIG names the file; REQUIRE and TEST_ belong to the test suite.
const notSettings =
  /^BRICKYARD_(?:CONFIG|REQUIRE|TEST_.*|(?:.*_)?SERVICE_(?:HOST|PORT)(?:_.*)?|(?:.*_)?PORT(?:_\d+_(?:TCP|UDP).*)?)$/;

/** The environment. A BRICKYARD_ variable that sets nothing is a problem: it is a typing error more often than not. */
export function fromEnvironment(
  fields: readonly ConfigField[],
  environment: Readonly<Record<string, string | undefined>>,
): SourceValues {
  const known = new Set(fields.map((field) => field.env));
  const strangers = Object.keys(environment).filter(
    (name) => name.startsWith('BRICKYARD_') && !known.has(name) && !notSettings.test(name),
  );
  return {
    ...fromNamed(
      fields,
      (field) => (environment[field.env] === '' ? undefined : environment[field.env]),
      (field) => `env ${field.env}`,
    ),
    problems: strangers.map(
      (name) => `env ${name}: expected the name of a setting, got an unknown one${didYouMean(name, [...known])}`,
    ),
  };
}

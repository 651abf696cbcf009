/** StorageClass.parameters: from text to what a volume is asked for, or to every problem that the text has. */
import type { Durability } from './durability.ts';
import type { ClusterId } from './names.ts';
import { nearest } from './nearest.ts';
import {
  heketiArbiterOption,
  knownSpellings,
  parameterTable,
  refusedHeketiOptions,
  refusedParameters,
  type MountForm,
  type ParameterValues,
} from './parameter-table.ts';
import { oneOf, ParameterError } from './parameter-values.ts';
import type { TagRule, ZoneSpread } from './placement-rules.ts';
import type { VolumeOption } from './volume.ts';

/** A StorageClass in types. Every field is set: a parameter that was not given has its default. */
export interface ClassParameters {
  readonly durability: Durability;
  readonly options: readonly VolumeOption[];
  /** Stands before `_<uid>` in the gluster name. */
  readonly namePrefix: string;
  /** Inclusive. Each volume gets a GID out of it. */
  readonly gidRange: { readonly min: number; readonly max: number };
  /** Clusters that may hold the volume, in order of preference; empty means any. */
  readonly clusters: readonly ClusterId[];
  /** Thin pool size as a multiple of the brick's size, 1 to 100. */
  readonly snapshotFactor: number;
  readonly mount: MountForm;
  readonly zoneSpread: ZoneSpread;
  /** What the tags of devices have to be; all of it must hold. */
  readonly tagMatch: readonly TagRule[];
}

/** What is wrong with one parameter. */
export interface ParameterProblem {
  /** The key as the class spells it. */
  readonly key: string;
  /** `<key>: expected ..., got ...`, or what to do instead. */
  readonly message: string;
}

export type ParsedParameters =
  | { readonly ok: true; readonly parameters: ClassParameters }
  /** Has at least one problem. */
  | { readonly ok: false; readonly problems: readonly ParameterProblem[] };

type KnownKey = keyof ParameterValues;

/** The parameters as written, by their key in lower case. */
type Given = ReadonlyMap<string, { readonly key: string; readonly value: string }>;

/**
 * Reads the parameters of a StorageClass. Keys are case-insensitive, as they were for the in-tree provisioner
 * (`gidMin`, `gidmin`); a key that comes in two spellings is refused, since nothing says which one counts.
 * Never throws: whatever is wrong is in the list of problems, all of it at once.
 */
export function parseClassParameters(parameters: Readonly<Record<string, string>>): ParsedParameters {
  const problems: ParameterProblem[] = [];
  const given = collect(parameters, problems);
  const read = <Key extends KnownKey>(key: Key): ParameterValues[Key] => readOne(key, given, problems);

  const durability = read('volumetype');
  const { options, arbiter } = withoutHeketi(read('volumeoptions'), spelled(given, 'volumeoptions'), problems);
  const parsed: ClassParameters = {
    durability: arbiter ? asArbiter(durability, given, problems) : durability,
    options,
    namePrefix: read('volumenameprefix'),
    gidRange: { min: read('gidmin'), max: read('gidmax') },
    clusters: read('clusterid'),
    snapshotFactor: read('snapfactor'),
    mount: read('mount'),
    zoneSpread: read('zonespread'),
    tagMatch: read('devicetags'),
  };
  if (parsed.gidRange.min > parsed.gidRange.max) {
    const { min, max } = parsed.gidRange;
    const key = spelled(given, 'gidmin');
    problems.push({ key, message: `${key}: expected at most ${spelled(given, 'gidmax')} (${max}), got "${min}"` });
  }
  return problems.length === 0 ? { ok: true, parameters: parsed } : { ok: false, problems };
}

/** Every problem on one line, for an event or a log. */
export function describeProblems(problems: readonly ParameterProblem[]): string {
  return problems.map((problem) => problem.message).join('; ');
}

/** Sorts out keys that are unknown, of yesterday, or there twice. */
function collect(parameters: Readonly<Record<string, string>>, problems: ParameterProblem[]): Given {
  const given = new Map<string, { readonly key: string; readonly value: string }>();
  for (const [key, value] of Object.entries(parameters)) {
    const lower = key.toLowerCase();
    const instead = refusedParameters.get(lower);
    const twin = given.get(lower);
    if (instead !== undefined) {
      problems.push({ key, message: `${key}: ${instead}` });
    } else if (!Object.hasOwn(parameterTable, lower)) {
      problems.push({ key, message: `${key}: ${unknownKey(key)}` });
    } else if (twin !== undefined) {
      problems.push({ key, message: `${key}: expected each parameter once, but ${twin.key} is the same one` });
    } else {
      given.set(lower, { key, value });
    }
  }
  return given;
}

function unknownKey(key: string): string {
  const known = [...knownSpellings, ...refusedParameters.keys()];
  const meant = nearest(
    key.toLowerCase(),
    known.map((word) => word.toLowerCase()),
  );
  const spelling = known.find((word) => word.toLowerCase() === meant);
  return spelling === undefined
    ? `no such parameter; there are ${knownSpellings.join(', ')}`
    : `no such parameter; did you mean ${spelling}?`;
}

/** The key as the class wrote it, or as the documentation does. */
function spelled(given: Given, key: KnownKey): string {
  return given.get(key)?.key ?? parameterTable[key].spelling;
}

/** Reads one parameter. A problem is noted, and the default stands in so that reading can go on. */
function readOne<Key extends KnownKey>(key: Key, given: Given, problems: ParameterProblem[]): ParameterValues[Key] {
  const found = given.get(key);
  const row = parameterTable[key];
  if (found === undefined) {
    return row.fallback;
  }
  try {
    return row.read(found.value);
  } catch (error) {
    if (!(error instanceof ParameterError)) {
      throw error;
    }
    problems.push({ key: found.key, message: `${found.key}: ${error.message}` });
    return row.fallback;
  }
}

/** Takes heketi's own options out of the list: the wish for an arbiter is understood, the others are refused. */
function withoutHeketi(
  all: readonly VolumeOption[],
  key: string,
  problems: ParameterProblem[],
): { readonly options: readonly VolumeOption[]; readonly arbiter: boolean } {
  const options: VolumeOption[] = [];
  let arbiter = false;
  for (const option of all) {
    if (option.key === heketiArbiterOption) {
      try {
        arbiter = oneOf(option.value, ['true', 'false']) === 'true';
      } catch (error) {
        problems.push({ key, message: `${key}: ${option.key}: ${error instanceof Error ? error.message : ''}` });
      }
    } else if (option.key.startsWith('user.heketi.')) {
      const instead = refusedHeketiOptions.get(option.key) ?? 'it means nothing here; leave it out';
      problems.push({ key, message: `${key}: ${option.key} was an option of heketi: ${instead}` });
    } else {
      options.push(option);
    }
  }
  return { options, arbiter };
}

/** Heketi's arbiter option turns `replicate:3` into an arbiter volume and fits no other type. */
function asArbiter(durability: Durability, given: Given, problems: ParameterProblem[]): Durability {
  if (durability.kind === 'arbiter' || (durability.kind === 'replicate' && durability.count === 3)) {
    return { kind: 'arbiter' };
  }
  const key = spelled(given, 'volumetype');
  const came = JSON.stringify(given.get('volumetype')?.value ?? '');
  problems.push({
    key,
    message: `${key}: expected arbiter or replicate:3 beside the option "${heketiArbiterOption} true", got ${came}`,
  });
  return durability;
}

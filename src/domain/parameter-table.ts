/**
 * Every StorageClass parameter as data: the parser, the documentation (docs/parameters.md) and their test all read
 * this one table, so that they cannot disagree.
 */
import type { Durability } from './durability.ts';
import type { ClusterId } from './names.ts';
import {
  clusterList,
  namePrefix,
  oneOf,
  optionList,
  snapshotFactor,
  tagRules,
  volumeType,
  wholeNumber,
} from './parameter-values.ts';
import type { TagRule, ZoneSpread } from './placement-rules.ts';
import type { VolumeOption } from './volume.ts';

/** How pods mount the volume. `auto`: by the Kubernetes version. */
export type MountForm = 'auto' | 'glusterfs' | 'csi';

/** Key (in lower case) and type of each parameter. */
export interface ParameterValues {
  readonly volumetype: Durability;
  readonly volumeoptions: readonly VolumeOption[];
  readonly volumenameprefix: string;
  readonly gidmin: number;
  readonly gidmax: number;
  readonly clusterid: readonly ClusterId[];
  readonly snapfactor: number;
  readonly mount: MountForm;
  readonly zonespread: ZoneSpread;
  readonly devicetags: readonly TagRule[];
}

export interface ParameterRow<T> {
  /** The spelling that the documentation uses. */
  readonly spelling: string;
  /** One or two sentences. */
  readonly meaning: string;
  /** What `fallback` looks like as text. */
  readonly defaultText: string;
  readonly fallback: T;
  readonly example: string;
  /** A value that is refused; the documentation shows with what words. */
  readonly mistake: string;
  /** Throws ParameterError. */
  readonly read: (text: string) => T;
}

/** The limits that the in-tree provisioner had: below 2000 are system groups, above is no signed 32-bit number. */
const gidFloor = 2000;
const gidCeiling = 2_147_483_647;
const defaultPrefix = 'vol';

export const parameterTable: { readonly [Key in keyof ParameterValues]: ParameterRow<ParameterValues[Key]> } = {
  volumetype: {
    spelling: 'volumetype',
    meaning:
      'How the data is kept: `replicate:N` (N copies on N nodes), `arbiter` (two copies and a third brick that holds names only), `disperse:D:R` (any D of D+R fragments give the data back), `none` or `distribute` (one copy).',
    defaultText: 'replicate:3',
    fallback: { kind: 'replicate', count: 3 },
    example: 'disperse:4:2',
    mistake: 'replicate:3:1',
    read: volumeType,
  },
  volumeoptions: {
    spelling: 'volumeoptions',
    meaning:
      'Gluster volume options that are set before the volume starts: a key and a value of one word each, several separated by commas.',
    defaultText: '(none)',
    fallback: [],
    example: 'performance.cache-size 64MB,client.event-threads 4',
    mistake: 'performance.cache-size',
    read: optionList,
  },
  volumenameprefix: {
    spelling: 'volumenameprefix',
    meaning: "What gluster's name of the volume begins with: `<prefix>_<claim UID>`.",
    defaultText: defaultPrefix,
    fallback: defaultPrefix,
    example: 'prod',
    mistake: 'my_team',
    read: (text) => namePrefix(text, defaultPrefix),
  },
  gidmin: {
    spelling: 'gidMin',
    meaning:
      "Lowest group id that a volume may get. Each volume has a GID of its own, whatever its class; pods get it as a supplemental group, and the volume's root directory belongs to it.",
    defaultText: String(gidFloor),
    fallback: gidFloor,
    example: '40000',
    mistake: '1000',
    read: (text) => wholeNumber(text, gidFloor, gidCeiling),
  },
  gidmax: {
    spelling: 'gidMax',
    meaning: 'Highest group id that a volume may get.',
    defaultText: String(gidCeiling),
    fallback: gidCeiling,
    example: '50000',
    mistake: '4294967295',
    read: (text) => wholeNumber(text, gidFloor, gidCeiling),
  },
  clusterid: {
    spelling: 'clusterid',
    meaning: 'Clusters that may hold the volume, separated by commas, the preferred one first.',
    defaultText: '(any)',
    fallback: [],
    example: 'east,west',
    mistake: '630372ccdc720a92c681fb928f27b53f',
    read: clusterList,
  },
  snapfactor: {
    spelling: 'snapfactor',
    meaning: "Size of a brick's thin pool as a multiple of the brick, so that snapshots have room: 1 to 100.",
    defaultText: '1',
    fallback: 1,
    example: '1.5',
    mistake: '0.5',
    read: snapshotFactor,
  },
  mount: {
    spelling: 'mount',
    meaning:
      'Form of the PersistentVolume: `glusterfs` (mounted by kubelets up to 1.25 and by no later one), `csi` (by the node plugin, on every version), or `auto`: `glusterfs` when the API server and all kubelets are below 1.26, otherwise `csi`.',
    defaultText: 'auto',
    fallback: 'auto',
    example: 'csi',
    mistake: 'nfs',
    read: (text) => oneOf(text, ['auto', 'glusterfs', 'csi']),
  },
  zonespread: {
    spelling: 'zoneSpread',
    meaning:
      'Bricks that hold the same data never share a node. `prefer` spreads them over zones as far as these go, `require` refuses when they do not go far enough, `off` looks at nodes only.',
    defaultText: 'prefer',
    fallback: 'prefer',
    example: 'require',
    mistake: 'strict',
    read: (text) => oneOf(text, ['prefer', 'require', 'off']),
  },
  devicetags: {
    spelling: 'deviceTags',
    meaning:
      'Bricks go only to devices that have these tags, several separated by commas: `key=value`, or `key!=value` for devices that do not have it. A tag of a node counts for all its devices that do not say otherwise.',
    defaultText: '(any)',
    fallback: [],
    example: 'media=ssd,rack!=r3',
    mistake: 'ssd',
    read: tagRules,
  },
};

/** Spellings of the known keys, for suggestions. */
export const knownSpellings: readonly string[] = Object.values(parameterTable).map((row) => row.spelling);

const noRestServer = 'Brickyard has its own allocation engine and asks no heketi server. Leave it out.';
const noSecret =
  'Brickyard needs no password to reach a heketi server, and none belongs into a StorageClass. Leave it out.';

/** Parameters of the in-tree provisioner that have no meaning any more (keys in lower case), and what to do instead. */
export const refusedParameters: ReadonlyMap<string, string> = new Map([
  ['resturl', `${noRestServer} To choose the storage, name its clusters in clusterid.`],
  ['restauthenabled', noRestServer],
  ['restuser', noSecret],
  ['restuserkey', noSecret],
  ['secretname', noSecret],
  ['secretnamespace', noSecret],
  [
    'customepnameprefix',
    'Brickyard keeps one Endpoints object per cluster in its own namespace and none per claim. Leave it out.',
  ],
]);

/** Options that heketi took out of `volumeoptions` for itself, and what to do instead. */
export const refusedHeketiOptions: ReadonlyMap<string, string> = new Map([
  ['user.heketi.zone-checking', 'use the parameter zoneSpread: require for strict, off for none'],
  ['user.heketi.average-file-size', 'the size of arbiter bricks cannot be chosen; leave it out'],
  ['user.heketi.device-tag-match', 'use the parameter deviceTags, in the same form'],
  ['user.heketi.id', 'the volume gets its identity from the claim; leave it out'],
]);

/** Asks for an arbiter, as heketi's users wrote it. */
export const heketiArbiterOption = 'user.heketi.arbiter';

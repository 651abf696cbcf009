/**
 * Checks files before they reach a cluster, by the parsers that controller and engine read them with. Nothing is known here
 * but the input: what it does not say is not complained about.
 */
import type { PlacementLimits } from '../../domain/placement/request.ts';
import { formatQuantity, type Bytes } from '../../domain/quantity.ts';
import { apiVersionOf } from '../../kube/resource.ts';
import { glusterNodes } from '../../kube/resources.ts';
import { nearest } from '../../domain/nearest.ts';
import { isFields } from '../../store/kubernetes/wishes.ts';
import { lintClaim, type LintedClaim } from './claims.ts';
import { lintClass, type LintedClass } from './classes.ts';
import { inOrder, problemAt, textAt, type LintProblem, type Subject } from './problem.ts';
import { readSources, type Finding, type Source } from './source.ts';
import { assumption, misfit, type Storage } from './storage.ts';
import { lintCluster, lintNodes, lintTopologyFile } from './topologies.ts';

export interface LintInput {
  readonly file: string;
  readonly text: string;
}

export interface LintOptions {
  /** Our name in StorageClasses. */
  readonly provisioner: string;
  /** Of the installation that the files are for. */
  readonly limits: PlacementLimits;
}

export interface LintReport {
  readonly problems: readonly LintProblem[];
  /** Text that is neither YAML nor JSON. Nothing is said of the document that it is in. */
  readonly unreadable: readonly Finding[];
  /** Objects that were checked, by kind. */
  readonly checked: Readonly<Record<string, number>>;
  /** Objects that are nothing to us, by kind or by what they are. */
  readonly passedOver: Readonly<Record<string, number>>;
  /** Claims of classes that are not in the input: only what is wrong for any provisioner was looked for. */
  readonly claimsWithoutClass: number;
}

type Kind = 'StorageClass' | 'PersistentVolumeClaim' | 'GlusterNode' | 'GlusterCluster' | 'topology';

const kinds: Readonly<Record<string, Kind>> = {
  'storage.k8s.io StorageClass': 'StorageClass',
  ' PersistentVolumeClaim': 'PersistentVolumeClaim',
  'brickyard.dev GlusterNode': 'GlusterNode',
  'brickyard.dev GlusterCluster': 'GlusterCluster',
};

/** Never throws for anything that a file can hold. */
export function lint(inputs: readonly LintInput[], options: LintOptions): LintReport {
  const contents = inputs.map(({ file, text }) => readSources(file, text));
  const linter = new Linter(options);
  contents.flatMap(({ sources }) => sources).forEach((source) => linter.sort(source));
  const repeated = contents.flatMap(({ repeatedKeys }) => repeatedKeys);
  const problems = [
    ...repeated.map(({ place }) => ({
      ...place,
      object: 'YAML',
      field: '',
      message: 'expected each key once, got it twice',
      fix: 'take one of the two out',
    })),
    ...linter.problems(),
  ];
  const files = inputs.map(({ file }) => file);
  return {
    problems: inOrder(problems, files),
    unreadable: contents.flatMap(({ unreadable }) => unreadable),
    ...linter.counts(),
  };
}

class Linter {
  readonly #options: LintOptions;
  readonly #subjects: Readonly<Record<Kind, Subject[]>> = {
    StorageClass: [],
    PersistentVolumeClaim: [],
    GlusterNode: [],
    GlusterCluster: [],
    topology: [],
  };
  readonly #strange: LintProblem[] = [];
  readonly #checked = new Map<string, number>();
  readonly #passedOver = new Map<string, number>();
  #claimsWithoutClass = 0;

  constructor(options: LintOptions) {
    this.#options = options;
  }

  /** Puts the object to those of its kind. */
  sort(source: Source): void {
    const { value } = source;
    if (!isFields(value)) {
      count(this.#passedOver, 'text or list');
      return;
    }
    if (value['kind'] === undefined && isTopology(value)) {
      this.#subjects.topology.push({ object: 'topology', source });
      return;
    }
    const [apiVersion, kind] = [textAt(value, 'apiVersion'), textAt(value, 'kind')];
    const [version = '', group = ''] = apiVersion.split('/').toReversed();
    const known = kinds[`${group} ${kind}`];
    const subject = { object: `${kind} ${textAt(value, 'metadata', 'name')}`.trim(), source };
    const isRecord = group === glusterNodes.group && kind !== 'GlusterVolume';
    if (isRecord && (known === undefined || version !== glusterNodes.version)) {
      this.#strange.push(strangeRecord(subject, known !== undefined, kind, apiVersion));
      count(this.#checked, kind);
    } else if (known === undefined) {
      count(this.#passedOver, kind === '' ? 'object without kind' : kind);
    } else {
      this.#subjects[known].push(subject);
    }
  }

  problems(): readonly LintProblem[] {
    const { topology, GlusterNode, GlusterCluster, StorageClass, PersistentVolumeClaim } = this.#subjects;
    const places = [...topology.map(lintTopologyFile), lintNodes(GlusterNode)];
    this.#count('topology', topology.length);
    this.#count('GlusterNode', GlusterNode.length);
    this.#count('GlusterCluster', GlusterCluster.length);
    const classes = StorageClass.map((subject) => lintClass(subject, this.#options.provisioner));
    const claims = PersistentVolumeClaim.map((subject) => lintClaim(subject, classes));
    classes.forEach((one) => this.#countClass(one));
    claims.forEach((one) => this.#countClaim(one));
    const found = places.flatMap(({ problems }) => problems);
    return [
      ...this.#strange,
      ...found,
      ...GlusterCluster.flatMap(lintCluster),
      ...classes.flatMap((one) => (one.kind === 'bad' ? one.problems : [])),
      ...claims.flatMap((one) => (one.kind === 'bad' || one.kind === 'open' ? one.problems : [])),
      // A topology with problems may come to be anything.
      ...this.#misfits(classes, claims, found.length > 0 ? undefined : places.flatMap(({ storage }) => storage ?? [])),
    ];
  }

  counts(): Pick<LintReport, 'checked' | 'passedOver' | 'claimsWithoutClass'> {
    return {
      checked: sorted(this.#checked),
      passedOver: sorted(this.#passedOver),
      claimsWithoutClass: this.#claimsWithoutClass,
    };
  }

  /** Classes and claims beside the storage of the input. A claim of a class that fits nowhere is not blamed as well. */
  #misfits(
    classes: readonly LintedClass[],
    claims: readonly LintedClaim[],
    given: readonly Storage[] | undefined,
  ): readonly LintProblem[] {
    const storages = given ?? [];
    const { limits } = this.#options;
    const problems: LintProblem[] = [];
    const stuck = new Set<LintedClass>();
    const check = (
      subject: Subject,
      one: LintedClass & { kind: 'good' },
      size: Bytes,
      path: string[],
      what: string,
    ) => {
      const found = misfit(one.read, size, storages, limits);
      if (found !== undefined) {
        const message = `${what}: ${found.message}${assumption(storages)}`;
        problems.push(problemAt(subject, { path, message, fix: found.fix }));
      }
      return found !== undefined;
    };
    for (const one of classes) {
      const smallest = `expected room for a volume of ${formatQuantity(limits.minBrickSize)} at least`;
      if (one.kind === 'good' && storages.length > 0) {
        const path = ['parameters', keyOf(one.storageClass.parameters, 'volumetype')];
        if (check(one.subject, one, limits.minBrickSize, path, smallest)) {
          stuck.add(one);
        }
      }
    }
    for (const claim of claims) {
      if (claim.kind === 'good' && claim.storageClass.kind === 'good' && !stuck.has(claim.storageClass)) {
        const path = ['spec', 'resources', 'requests', 'storage'];
        const what = `expected a size that fits by class ${claim.storageClass.name}, got ${formatQuantity(claim.size)}`;
        check(claim.subject, claim.storageClass, claim.size, path, what);
      }
    }
    return problems;
  }

  #count(kind: string, number: number): void {
    count(this.#checked, kind, number);
  }

  #countClass(one: LintedClass): void {
    if (one.kind === 'foreign') {
      count(this.#passedOver, `StorageClass for ${one.provisioner}`);
    } else {
      count(this.#checked, 'StorageClass');
    }
  }

  #countClaim(one: LintedClaim): void {
    if (one.kind === 'foreign') {
      count(this.#passedOver, `PersistentVolumeClaim that ${one.why}`);
      return;
    }
    count(this.#checked, 'PersistentVolumeClaim');
    this.#claimsWithoutClass += one.kind === 'open' ? 1 : 0;
  }
}

/** A document without kind that has, or nearly has, what every topology file begins with. */
function isTopology(value: Readonly<Record<string, unknown>>): boolean {
  return (
    value['apiVersion'] === undefined && Object.keys(value).some((key) => nearest(key, ['clusters']) !== undefined)
  );
}

/** An object of our group that is none of ours: most likely mistyped. */
function strangeRecord(subject: Subject, knowsKind: boolean, kind: string, apiVersion: string): LintProblem {
  const ours = apiVersionOf(glusterNodes);
  const words = Object.values(kinds).filter((one) => one.startsWith('Gluster'));
  return knowsKind
    ? problemAt(subject, {
        path: ['apiVersion'],
        message: `expected ${ours}, got ${apiVersion}`,
        fix: `write ${ours}`,
      })
    : problemAt(subject, {
        path: ['kind'],
        message: `expected ${words.join(' or ')}, got ${kind}`,
        fix: `write ${nearest(kind, words) ?? words.join(' or ')}`,
      });
}

function keyOf(parameters: Readonly<Record<string, string>>, wanted: string): string {
  return Object.keys(parameters).find((key) => key.toLowerCase() === wanted) ?? wanted;
}

function count(counts: Map<string, number>, what: string, number = 1): void {
  if (number > 0) {
    counts.set(what, (counts.get(what) ?? 0) + number);
  }
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

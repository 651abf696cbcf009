/** What the API server knows about one kind in one version. Everything that is special about a kind is said here. */
import { clusterFieldLabels, namespacedFieldLabels } from '../selectors/fields.ts';
import { dnsSubdomainProblem } from '../validation/names.ts';
import { resourceId } from '../store/store.ts';
import type { Random } from '../../../domain/clock.ts';
import type { FieldError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { FieldLabels } from '../selectors/fields.ts';
import type { Schema } from '../schema/schema.ts';
import type { ServerVersion } from '../server-version.ts';
import type { ResourceId } from '../store/store.ts';

/** What a kind may look at while it defaults, admits or validates. */
export type KindContext = {
  readonly version: ServerVersion;
  readonly random: Random;
  readonly now: () => number;
  readonly find: (resource: ResourceId, key: string) => KubeObject | undefined;
  readonly list: (resource: ResourceId) => readonly KubeObject[];
};

/** One column of `kubectl get`. Columns of priority 1 are shown by `-o wide` only. */
export type Column = {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly priority?: number;
  readonly description?: string;
  readonly cell: (object: KubeObject, now: number) => Json;
};

/** A part of an object that is written by a path of its own. */
export type Subresource = 'status' | 'finalize';

/** Same objects, other shape: how a second version of a resource reads and writes what the first one stores. */
type Conversion = {
  readonly fromStorage: (object: KubeObject) => KubeObject;
  readonly toStorage: (object: KubeObject) => KubeObject;
};

/** One kind in one version. */
export type Kind = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly resource: ResourceId;
  /** `group/version` in which objects are kept. */
  readonly storageApiVersion: string;
  readonly schema: Schema;
  /** Defined by a CustomResourceDefinition: validated by its schema, answered with its type in lists. */
  readonly custom: boolean;
  readonly subresources: readonly Subresource[];
  /** Counts changes of the wanted state in metadata.generation. */
  readonly hasGeneration: boolean;
  /** A PUT to a name that does not exist creates. */
  readonly createOnUpdate: boolean;
  /** A PUT without a resourceVersion overwrites. */
  readonly unconditionalUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  readonly nameProblem: (name: string) => string | undefined;
  readonly fieldLabels: FieldLabels;
  readonly columns: (version: ServerVersion) => readonly Column[];
  /** Fills in what the user left out and clears what is not the user's. */
  readonly prepareCreate: (object: KubeObject, context: KindContext) => KubeObject;
  readonly prepareUpdate: (next: KubeObject, previous: KubeObject, context: KindContext) => KubeObject;
  /** The same for a write of the status. */
  readonly prepareStatusUpdate: (next: KubeObject, previous: KubeObject, context: KindContext) => KubeObject;
  /** Admission: may change the object, or throw ApiError 403. */
  readonly admitCreate: (object: KubeObject, context: KindContext) => KubeObject;
  readonly admitUpdate: (next: KubeObject, previous: KubeObject, context: KindContext) => void;
  readonly validate: (object: KubeObject, context: KindContext) => readonly FieldError[];
  readonly validateUpdate: (next: KubeObject, previous: KubeObject, context: KindContext) => readonly FieldError[];
  readonly validateStatus: (next: KubeObject, previous: KubeObject) => readonly FieldError[];
  /** Texts for Warning headers on create, update and patch. */
  readonly warnings: (object: KubeObject, version: ServerVersion) => readonly string[];
  readonly conversion: Conversion | undefined;
};

/** What has to be said about a kind, and what may be. */
export type KindParts = Pick<Kind, 'version' | 'kind' | 'plural' | 'namespaced' | 'schema'> & Partial<Kind>;

const nothing = (): readonly never[] => [];

/** A kind with the usual answers to everything that `parts` does not say. */
export function defineKind(parts: KindParts): Kind {
  const group = parts.group ?? '';
  const apiVersion = group === '' ? parts.version : `${group}/${parts.version}`;
  return {
    group,
    singular: parts.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    resource: resourceId(group, parts.plural),
    storageApiVersion: apiVersion,
    custom: false,
    subresources: [],
    hasGeneration: false,
    createOnUpdate: false,
    unconditionalUpdate: true,
    returnsDeleted: false,
    nameProblem: dnsSubdomainProblem,
    fieldLabels: parts.namespaced ? namespacedFieldLabels : clusterFieldLabels,
    columns: () => [nameColumn, ageColumn],
    prepareCreate: (object) => object,
    prepareUpdate: (next) => next,
    prepareStatusUpdate: (next) => next,
    admitCreate: (object) => object,
    admitUpdate: () => undefined,
    validate: nothing,
    validateUpdate: nothing,
    validateStatus: nothing,
    warnings: nothing,
    conversion: undefined,
    ...parts,
  };
}

/** `group/version`, or `v1` for the core. */
export function apiVersionOf(kind: Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** `persistentvolumeclaims` or `leases.coordination.k8s.io`, in two fields, as errors want it. */
export function subjectOf(kind: Kind): { readonly group: string; readonly resource: string } {
  return { group: kind.group, resource: kind.plural };
}

/** The first column of every kind. */
export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
};

/** The time since creation, as kubectl writes it. */
export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** A column that shows one piece of text. */
export function column(
  name: string,
  cell: (object: KubeObject, now: number) => Json,
  options: { readonly wide?: boolean; readonly type?: string } = {},
): Column {
  return { name, type: options.type ?? 'string', cell, ...(options.wide === true ? { priority: 1 } : {}) };
}

/** How long ago, as kubectl writes it: `42s`, `3m5s`, `2d4h`. */
export function ageOf(stamp: string | undefined, now: number): string {
  const from = Date.parse(stamp ?? '');
  return Number.isNaN(from) ? '<unknown>' : humanDuration(Math.max(0, now - from));
}

function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const pair = (big: string, rest: number, unit: string): string => (rest === 0 ? big : `${big}${rest}${unit}`);
  if (seconds < 120) {
    return `${seconds}s`;
  }
  if (minutes < 10) {
    return pair(`${minutes}m`, seconds % 60, 's');
  }
  if (minutes < 180) {
    return `${minutes}m`;
  }
  if (hours < 8) {
    return pair(`${hours}h`, minutes % 60, 'm');
  }
  if (hours < 48) {
    return `${hours}h`;
  }
  if (hours < 192) {
    return pair(`${days}d`, hours % 24, 'h');
  }
  return days < 365 * 2 ? `${days}d` : pair(`${Math.floor(days / 365)}y`, days % 365, 'd');
}

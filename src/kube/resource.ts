import { z } from 'zod';
import { shared } from './shared-text.ts';

/**
 * What Kubernetes objects look like inside the house: parsed once at the edge, and only the fields that somebody here
 * reads. Everything else (managedFields above all) is gone before an object reaches a cache.
 */

/** Read-only all the way down: cached objects are shared, so nobody may write into them. */
export type Immutable<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : { readonly [Key in keyof T]: Immutable<T[Key]> };

/** A field that may be absent; Go clients also write `null` for that. */
export function maybe<S extends z.ZodType>(schema: S): z.ZodType<z.output<S> | undefined> {
  return z
    .union([z.null().transform(() => undefined), schema])
    .optional()
    .transform((value) => value as z.output<S> | undefined);
}

/** Shared by all objects: most of them have several fields that are empty, and a cache holds them by the ten thousand. */
const nothing: never[] = [];
Object.freeze(nothing);
const noText: Readonly<Record<string, string>> = Object.freeze({});

/** An array that may be absent or `null`, and is then empty. */
export function listOf<S extends z.ZodType>(schema: S): z.ZodType<z.output<S>[]> {
  return maybe(z.array(schema)).transform((items) => items ?? nothing);
}

/** Text that other objects have too: a class, a phase, a mode, a finalizer. */
export const word: z.ZodType<string> = z.string().transform(shared);

/** A string map that may be absent or `null`, and is then empty. */
export const stringMap: z.ZodType<Record<string, string>> = maybe(z.record(z.string(), word)).transform(
  (map) => map ?? noText,
);

/** Text that may be absent or `null`, and is then empty. */
export const text: z.ZodType<string> = maybe(word).transform((value) => value ?? '');

/** kubectl keeps a whole copy of the object in this one: nobody here reads it, and every cached object would hold it. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

const annotationMap = stringMap.transform((map) => {
  // A copy of what is left is a slow object, of twice the size: not without need.
  if (map[lastApplied] === undefined) {
    return map;
  }
  const { [lastApplied]: _copy, ...rest } = map;
  return rest;
});

const ownerReferenceSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: maybe(z.boolean()),
});

const metadataSchema = z.object({
  name: z.string().min(1),
  /** Empty for objects that belong to the whole cluster. */
  namespace: text,
  uid: z.string(),
  resourceVersion: z.string(),
  annotations: annotationMap,
  labels: stringMap,
  finalizers: listOf(word),
  ownerReferences: listOf(ownerReferenceSchema),
  /** RFC 3339. */
  creationTimestamp: maybe(z.string()),
  /** RFC 3339. Present: somebody deleted it, and finalizers keep it. */
  deletionTimestamp: maybe(z.string()),
});

export type ObjectMeta = Immutable<z.output<typeof metadataSchema>>;

/** What every object has, whatever its kind. */
export interface KubeObject {
  readonly metadata: ObjectMeta;
}

/** Adds metadata to the fields of a kind. */
export function objectSchema<S extends z.ZodRawShape>(fields: S) {
  return z.object({ metadata: metadataSchema, ...fields });
}

/** What every body of a write has. */
export interface WriteBody {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

/**
 * A kind of object at the API. `T` is what reading gives, `Body` what writing takes (plain JSON; `apiVersion` and `kind`
 * are filled in by the client).
 */
export interface Resource<T extends KubeObject, Body extends WriteBody = WriteBody> extends ResourceNames {
  /** Throws ZodError when it is not such an object. */
  parse(raw: unknown): T;
  /** For the type checker alone; never there at run time. */
  readonly body?: Body;
}

/** What a kind is called. */
export interface ResourceNames {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** As in the path: `persistentvolumeclaims`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Makes a resource of a description and a zod schema for the fields that are kept. */
export function defineResource<T extends KubeObject, Body extends WriteBody = WriteBody>(
  description: ResourceNames & { readonly schema: z.ZodType<T> },
): Resource<T, Body> {
  const { schema, ...names } = description;
  return { ...names, parse: (raw) => schema.parse(raw) };
}

/** `v1` or `storage.k8s.io/v1`. */
export function apiVersionOf(resource: ResourceNames): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** Where an object is: `namespace` is empty or absent for objects that belong to the whole cluster. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

/** `namespace/name`, or the name alone when there is no namespace: the key of caches and queues. */
export function keyOf(object: ObjectName): string {
  return object.namespace === undefined || object.namespace === '' ? object.name : `${object.namespace}/${object.name}`;
}

/** The way back from `keyOf`. */
export function nameFromKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash === -1 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

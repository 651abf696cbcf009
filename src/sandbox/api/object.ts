/** What every object of the API has in common, and how one is addressed. */
import { objectAt, textAt } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** The metadata that every object has; what is not listed is kept as it comes. */
export type ObjectMeta = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly [field: string]: Json | undefined;
};

/** An object of any kind. */
export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: Json | undefined;
};

/** Where an object stands in its resource: `namespace/name`, or `name` when it has no namespace. Lists sort by it. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** `keyOf` for an object. */
export function objectKey(object: KubeObject): string {
  return keyOf(object.metadata.namespace, object.metadata.name);
}

/** `object` with some of its metadata replaced; a field given as `undefined` is taken away. */
export function withMeta<T extends KubeObject>(object: T, changes: Partial<ObjectMeta>): T {
  const metadata = Object.fromEntries(
    Object.entries({ ...object.metadata, ...changes }).filter(([, value]) => value !== undefined),
  );
  return { ...object, metadata };
}

/** The annotation's value; undefined when it is not there or empty. */
export function annotation(object: JsonObject, name: string): string | undefined {
  return textAt(objectAt(object, 'metadata', 'annotations'), name);
}

/** What holds the object; empty when nothing does. */
export function finalizersOf(object: KubeObject): readonly string[] {
  return object.metadata.finalizers ?? [];
}

/** It was deleted, and only finalizers keep it. */
export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** RFC 3339 in whole seconds, the form of metav1.Time. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with six fractional digits, the form of metav1.MicroTime. */
export function microTimestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}

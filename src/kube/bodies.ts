import { messageOf } from '../domain/error-message.ts';
import type { PatchOptions } from './api.ts';
import { KubeError } from './errors.ts';
import { apiVersionOf, type KubeObject, type Resource, type ResourceNames } from './resource.ts';

/** What goes into a write, and what comes out of a call. */

/** The body with the kind that it is of. */
export function named(resource: ResourceNames, body: object): object {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...body };
}

/** Reads an answer. Throws KubeError (`protocol`) when it is not what was asked for. */
export function read<T extends KubeObject>(resource: Resource<T>, raw: unknown, call: string, write: boolean): T {
  try {
    return resource.parse(raw);
  } catch (error) {
    const problem = messageOf(error);
    throw new KubeError(
      `${call}: the answer is not a ${resource.kind}: ${problem}`,
      { kind: 'protocol', cause: error },
      write,
    );
  }
}

/** By kind of patch, what its body is called. */
export const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
} as const satisfies Record<PatchOptions['type'], string>;

/** What a patch says in its address. */
export const patchQuery = (options: PatchOptions): Readonly<Record<string, string | true | undefined>> =>
  options.type === 'apply' ? { fieldManager: options.fieldManager, force: options.force === true || undefined } : {};

import { badRequest, conflict, invalid, invalidObject, modified, notFound } from '../errors.ts';
import { arrayAt, omit, sameJson } from '../json.ts';
import { subjectOf } from '../kinds/kind.ts';
import { trackUpdate } from '../managed-fields/track.ts';
import { keyOf, withMeta } from '../object.ts';
import { validateMeta, validateMetaUpdate } from '../validation/meta.ts';
import { readBody } from './core.ts';
import { createObject, place } from './create.ts';
import type { FieldError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Kind, Subresource } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore, WriteOptions } from './core.ts';

/** The object, or the part of it, that a write is for. */
export type Target = {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: Subresource | undefined;
};

/** The object as it is now, and whether the write made it. */
export type Written = { readonly object: KubeObject; readonly created: boolean };

/** PUT. Throws ApiError with the answer to give when it is refused. */
export function update(core: ApiCore, target: Target, body: JsonObject, options: WriteOptions): Written {
  const { kind, namespace, name } = target;
  const given = place(kind, namespace, readBody(kind, body, options));
  if (given.metadata.name !== name) {
    const came = given.metadata.name;
    throw badRequest(
      came === ''
        ? 'name must be provided'
        : `the name of the object (${came}) does not match the name on the URL (${name})`,
    );
  }
  const previous = core.store.collection(kind.resource).get(keyOf(namespace, name));
  if (previous !== undefined) {
    return { object: replace(core, target, previous, given, options), created: false };
  }
  if (!kind.createOnUpdate || target.subresource !== undefined) {
    throw notFound(subjectOf(kind), name);
  }
  const fresh = withMeta(given, { resourceVersion: undefined, uid: undefined });
  return { object: createObject(core, kind, namespace, fresh, options), created: true };
}

/**
 * The one way in which an existing object changes, whatever the verb. A change of nothing writes nothing; an object that
 * is being deleted goes when its last finalizer does. `track` says who owns the fields (default: a plain write).
 */
export function replace(
  core: ApiCore,
  target: Target,
  previous: KubeObject,
  given: KubeObject,
  options: WriteOptions,
  track: (next: KubeObject, previous: KubeObject) => KubeObject = (next, before) =>
    trackUpdate(target, next, before, options.manager, core.context.now()),
): KubeObject {
  const { kind } = target;
  checkPreconditions(kind, previous, given);
  const merged = withGeneration(kind, mergeUpdate(core, target, previous, given), previous);
  const errors = validateReplacement(core, target, merged, previous);
  if (errors.length > 0) {
    throw invalidObject(kind, target.name, errors);
  }
  for (const warning of kind.warnings(merged, core.context.version)) {
    options.warn(warning);
  }
  const next = track(merged, previous);
  const done = next.metadata.deletionTimestamp !== undefined && mayGo(kind, next);
  if (!done && unchanged(next, previous)) {
    return previous;
  }
  if (options.dryRun) {
    return next;
  }
  const key = keyOf(target.namespace, target.name);
  return done ? (core.store.remove(kind.resource, key, next) ?? next) : core.store.put(kind.resource, key, next);
}

/** No finalizer, its own or (for a namespace) the spec's, holds the object. */
export function mayGo(kind: Kind, object: KubeObject): boolean {
  const held = kind.plural === 'namespaces' && kind.group === '' && arrayAt(object, 'spec', 'finalizers').length > 0;
  return (object.metadata.finalizers ?? []).length === 0 && !held;
}

function checkPreconditions(kind: Kind, previous: KubeObject, given: KubeObject): void {
  const { name } = previous.metadata;
  const { uid, resourceVersion } = given.metadata;
  if (uid !== undefined && uid !== previous.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${previous.metadata.uid ?? ''}`;
    throw conflict(subjectOf(kind), name, why);
  }
  if (resourceVersion === undefined || resourceVersion === '') {
    if (!kind.unconditionalUpdate) {
      throw invalidObject(kind, name, [invalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
    }
  } else if (resourceVersion !== previous.metadata.resourceVersion) {
    throw modified(subjectOf(kind), name);
  }
}

/** Takes from `given` what this subresource may write, and everything else from what is stored. */
function mergeUpdate(core: ApiCore, target: Target, previous: KubeObject, given: KubeObject): KubeObject {
  const { kind, subresource } = target;
  const kept = {
    uid: previous.metadata.uid,
    creationTimestamp: given.metadata.creationTimestamp ?? previous.metadata.creationTimestamp,
    deletionTimestamp: previous.metadata.deletionTimestamp,
    deletionGracePeriodSeconds: previous.metadata['deletionGracePeriodSeconds'],
    generation: previous.metadata.generation,
    resourceVersion: previous.metadata.resourceVersion,
    selfLink: undefined,
    managedFields: given.metadata['managedFields'] ?? previous.metadata['managedFields'],
  };
  if (subresource === undefined) {
    const next = withMeta(given, kept);
    const status = kind.subresources.includes('status') ? previous['status'] : next['status'];
    const rest = omit(next, 'status');
    return kind.prepareUpdate(status === undefined ? rest : { ...rest, status }, previous, core.context);
  }
  const part = subresource === 'finalize' ? 'spec' : 'status';
  // A custom resource's status write touches nothing else; the built-in kinds take metadata along.
  const metadata = kind.custom
    ? { ...previous.metadata, managedFields: given.metadata['managedFields'] ?? previous.metadata['managedFields'] }
    : withMeta(given, kept).metadata;
  const base = omit({ ...previous, metadata }, part);
  const value = given[part];
  const written = value === undefined ? base : { ...base, [part]: value };
  return subresource === 'status' ? kind.prepareStatusUpdate(written, previous, core.context) : written;
}

function validateReplacement(
  core: ApiCore,
  { kind, subresource }: Target,
  next: KubeObject,
  previous: KubeObject,
): readonly FieldError[] {
  const meta = [...validateMeta(kind, next), ...validateMetaUpdate(next, previous)];
  if (subresource !== undefined) {
    return [...meta, ...kind.validateStatus(next, previous)];
  }
  // The real server admits first, then validates; an object that is not valid gets the admission's answer.
  kind.admitUpdate(next, previous, core.context);
  return [...meta, ...kind.validate(next, core.context), ...kind.validateUpdate(next, previous, core.context)];
}

function withGeneration(kind: Kind, next: KubeObject, previous: KubeObject): KubeObject {
  const wanted = (object: KubeObject): JsonObject =>
    kind.custom && !kind.subresources.includes('status')
      ? omit(object, 'metadata')
      : omit(object, 'metadata', 'status');
  return !kind.hasGeneration || sameJson(wanted(next), wanted(previous))
    ? next
    : withMeta(next, { generation: (previous.metadata.generation ?? 0) + 1 });
}

/** The times in managedFields alone are not a change. */
function unchanged(next: KubeObject, previous: KubeObject): boolean {
  const bare = (object: KubeObject): JsonObject => {
    const fields = arrayAt(object.metadata, 'managedFields').map((entry) => omit(entry as JsonObject, 'time'));
    return { ...object, metadata: { ...omit(object.metadata, 'managedFields'), managedFields: fields } };
  };
  return sameJson(bare(next), bare(previous));
}

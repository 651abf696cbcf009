import { ApiError, alreadyExists, badRequest, forbidden, invalidObject, notFound } from '../errors.ts';
import { textAt } from '../json.ts';
import { subjectOf } from '../kinds/kind.ts';
import { namespaceResource } from '../kinds/cluster.ts';
import { trackCreate } from '../managed-fields/track.ts';
import { keyOf, objectKey, timestamp, withMeta } from '../object.ts';
import { validateMeta } from '../validation/meta.ts';
import { readBody } from './core.ts';
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore, WriteOptions } from './core.ts';

/** Throws ApiError with the answer to give when it is refused. */
export function create(
  core: ApiCore,
  kind: Kind,
  namespace: string | undefined,
  body: JsonObject,
  options: WriteOptions,
): KubeObject {
  return createObject(core, kind, namespace, readBody(kind, body, options), options);
}

/** As `create`, of an object that has been read already. `track` says who owns the fields (default: a plain write). */
export function createObject(
  core: ApiCore,
  kind: Kind,
  namespace: string | undefined,
  given: KubeObject,
  options: WriteOptions,
  track: (object: KubeObject) => KubeObject = (object) =>
    trackCreate(kind, object, options.manager, core.context.now()),
): KubeObject {
  if ((given.metadata.resourceVersion ?? '') !== '') {
    throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  const placed = place(kind, namespace, given);
  const named = withNewMeta(core, kind, placed);
  checkNamespace(core, kind, named);
  const prepared = kind.prepareCreate(named, core.context);
  const admitted = kind.admitCreate(prepared, core.context);
  const errors = [...validateMeta(kind, admitted), ...kind.validate(admitted, core.context)];
  if (errors.length > 0) {
    throw invalidObject(kind, admitted.metadata.name, errors);
  }
  for (const warning of kind.warnings(admitted, core.context.version)) {
    options.warn(warning);
  }
  const key = objectKey(admitted);
  if (core.store.collection(kind.resource).get(key) !== undefined) {
    throw alreadyExists(subjectOf(kind), admitted.metadata.name);
  }
  const tracked = track(admitted);
  return options.dryRun ? tracked : core.store.put(kind.resource, key, tracked);
}

/** Puts the namespace of the URL into the object. Throws ApiError 400 when the object says another one. */
export function place(kind: Kind, namespace: string | undefined, object: KubeObject): KubeObject {
  const own = object.metadata.namespace;
  if (!kind.namespaced) {
    return own === undefined ? object : withMeta(object, { namespace: undefined });
  }
  if (own !== undefined && own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return own === namespace ? object : withMeta(object, { namespace });
}

/** The letters of generated names: no vowels, so no words. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

function withNewMeta(core: ApiCore, kind: Kind, object: KubeObject): KubeObject {
  const prefix = textAt(object.metadata, 'generateName');
  const letter = (): string => alphabet[Math.floor(core.context.random() * alphabet.length)] ?? 'b';
  const generated = prefix === undefined ? '' : prefix.slice(0, 58) + Array.from({ length: 5 }, letter).join('');
  return withMeta(object, {
    name: object.metadata.name === '' ? generated : object.metadata.name,
    uid: core.uid(),
    creationTimestamp: timestamp(core.context.now()),
    generation: kind.hasGeneration ? 1 : undefined,
    resourceVersion: undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    selfLink: undefined,
  });
}

/** The admission plugin NamespaceLifecycle. */
function checkNamespace(core: ApiCore, kind: Kind, object: KubeObject): void {
  const { name, namespace } = object.metadata;
  if (!kind.namespaced || namespace === undefined) {
    return;
  }
  const found = core.store.collection(namespaceResource).get(keyOf(undefined, namespace));
  if (found === undefined) {
    throw notFound({ group: '', resource: 'namespaces' }, namespace);
  }
  if (found.metadata.deletionTimestamp !== undefined) {
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(subjectOf(kind), name, why, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }
}

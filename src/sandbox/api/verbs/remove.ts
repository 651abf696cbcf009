import { z } from 'zod';

import { badRequest, conflict, notFound } from '../errors.ts';
import { subjectOf } from '../kinds/kind.ts';
import { checkNamespaceDeletable } from '../kinds/cluster.ts';
import { keyOf, timestamp, withMeta } from '../object.ts';
import { objectAt } from '../json.ts';
import { mayGo } from './update.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore } from './core.ts';

const shape = z.object({
  preconditions: z.object({ uid: z.string().nullish(), resourceVersion: z.string().nullish() }).nullish(),
  propagationPolicy: z.enum(['Orphan', 'Background', 'Foreground']).nullish(),
  orphanDependents: z.boolean().nullish(),
  gracePeriodSeconds: z.number().int().nonnegative().nullish(),
  dryRun: z.array(z.literal('All')).nullish(),
});

/** metav1.DeleteOptions, as far as it means anything here. */
export type DeleteOptions = z.infer<typeof shape>;

/** Throws ApiError 400 when the body is no DeleteOptions. */
export function readDeleteOptions(body: unknown): DeleteOptions {
  const read = shape.safeParse(body ?? {});
  if (!read.success) {
    const issue = read.error.issues[0];
    throw badRequest(`DeleteOptions: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  return read.data;
}

/** What a delete did. */
export type Removed = {
  readonly object: KubeObject;
  /** False: it only got a deletionTimestamp, because finalizers hold it. */
  readonly gone: boolean;
};

/** DELETE of one object. Dependants are left alone: there is no garbage collector here, whatever the policy says. */
export function remove(
  core: ApiCore,
  kind: Kind,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
): Removed {
  const key = keyOf(namespace, name);
  const found = core.store.collection(kind.resource).get(key);
  if (found === undefined) {
    throw notFound(subjectOf(kind), name);
  }
  if (kind.group === '' && kind.plural === 'namespaces') {
    checkNamespaceDeletable(name);
  }
  checkPreconditions(kind, found, options);
  const dryRun = (options.dryRun ?? []).length > 0;
  if (mayGo(kind, found)) {
    return { object: dryRun ? found : (core.store.remove(kind.resource, key) ?? found), gone: true };
  }
  if (found.metadata.deletionTimestamp !== undefined) {
    return { object: found, gone: false };
  }
  const marked = mark(core, kind, found);
  return { object: dryRun ? marked : core.store.put(kind.resource, key, marked), gone: false };
}

function mark(core: ApiCore, kind: Kind, found: KubeObject): KubeObject {
  const marked = withMeta(found, {
    deletionTimestamp: timestamp(core.context.now()),
    deletionGracePeriodSeconds: kind.plural === 'namespaces' ? undefined : 0,
    generation: kind.hasGeneration ? (found.metadata.generation ?? 0) + 1 : found.metadata.generation,
  });
  return kind.group === '' && kind.plural === 'namespaces'
    ? { ...marked, status: { ...objectAt(marked, 'status'), phase: 'Terminating' } }
    : marked;
}

function checkPreconditions(kind: Kind, found: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { name } = found.metadata;
  if (typeof uid === 'string' && uid !== found.metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${found.metadata.uid ?? ''}). The object might have been deleted and then recreated`;
    throw conflict(subjectOf(kind), name, why);
  }
  if (typeof resourceVersion === 'string' && resourceVersion !== found.metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${found.metadata.resourceVersion ?? ''}). The object might have been modified`;
    throw conflict(subjectOf(kind), name, why);
  }
}

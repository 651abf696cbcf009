/** A CustomResourceDefinition that is being deleted goes after its objects. */
import { cleanupFinalizer } from '../api/custom-resources/definitions.ts';
import { kindsOf } from '../api/custom-resources/custom-kind.ts';
import { finalizersOf, isDeleting } from '../api/object.ts';
import { remove } from '../api/verbs/remove.ts';
import type { KubeObject } from '../api/object.ts';
import type { ApiCore } from '../api/verbs/core.ts';
import type { BinderContext } from './context.ts';

/** How long to wait for finalizers of objects, in milliseconds. */
const recheck = 200;

/** Deletes the objects of a definition that is being deleted, then lets it go. */
export function syncDefinition(context: BinderContext, core: ApiCore, definition: KubeObject): void {
  if (!isDeleting(definition) || !finalizersOf(definition).includes(cleanupFinalizer)) {
    return;
  }
  const [kind] = kindsOf(definition);
  const objects = kind === undefined ? [] : core.store.collection(kind.resource).list();
  const held = objects.filter(
    ({ metadata }) => kind !== undefined && !remove(core, kind, metadata.namespace, metadata.name, {}).gone,
  );
  const { name } = definition.metadata;
  if (held.length > 0) {
    context.again(`definition:${name}`, recheck);
    return;
  }
  const { apiVersion, kind: type } = definition;
  const finalizers = finalizersOf(definition).filter((one) => one !== cleanupFinalizer);
  context.client.patch({ apiVersion, kind: type, name }, { metadata: { finalizers } });
}

/** Empties a namespace that is being deleted, then lets it go; gives a new one its default ServiceAccount. */
import { remove } from '../api/verbs/remove.ts';
import { arrayAt } from '../api/json.ts';
import { isDeleting } from '../api/object.ts';
import type { KubeObject } from '../api/object.ts';
import type { ApiCore } from '../api/verbs/core.ts';
import type { BinderContext } from './context.ts';

/** How long to wait for finalizers of what is in it, in milliseconds. */
const recheck = 200;

/** The next step for one namespace. */
export function syncNamespace(context: BinderContext, core: ApiCore, namespace: KubeObject): void {
  const { name } = namespace.metadata;
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: name, name: 'default' };
  if (!isDeleting(namespace)) {
    if (context.client.find(account) === undefined) {
      context.client.create({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { namespace: name, name: 'default' },
      });
    }
    return;
  }
  if (!empty(core, name)) {
    context.again(`namespace:${name}`, recheck);
    return;
  }
  if (arrayAt(namespace, 'spec', 'finalizers').length > 0) {
    const emptied = { ...namespace, spec: {} };
    context.client.update(emptied, 'finalize');
  }
}

/** Deletes what is in it. True when nothing is left; what finalizers hold comes back here when they are taken off. */
function empty(core: ApiCore, namespace: string): boolean {
  let left = 0;
  const kinds = core.kinds.all().filter((kind) => kind.namespaced && kind.conversion === undefined);
  const served = new Map(kinds.map((kind) => [kind.resource, kind]));
  for (const kind of served.values()) {
    for (const object of core.store.collection(kind.resource).list(namespace)) {
      const { gone } = remove(core, kind, namespace, object.metadata.name, {});
      left += gone ? 0 : 1;
    }
  }
  return left === 0;
}

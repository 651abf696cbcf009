import { definitionResource } from './definitions.ts';
import { kindsOf } from './custom-kind.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiCore } from '../verbs/core.ts';

/** Serves the kinds of every CustomResourceDefinition, from the moment that it is stored. Returns the way to stop. */
export function serveDefinitions(core: ApiCore): () => void {
  const served = new Map<string, readonly Kind[]>();
  return core.store.collection(definitionResource).listen(({ type, key, object }) => {
    for (const kind of served.get(key) ?? []) {
      core.kinds.remove(kind);
    }
    const kinds = type === 'DELETED' ? [] : kindsOf(object);
    served.set(key, kinds);
    for (const kind of kinds) {
      core.kinds.add(kind);
    }
  });
}

import { expired, forbiddenField, invalidObject } from '../errors.ts';
import { atLeast } from '../server-version.ts';
import { readRevision, selector } from './list.ts';
import type { Status } from '../errors.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { Change } from '../store/history.ts';
import type { ApiCore } from './core.ts';
import type { Selection } from './list.ts';

/** One event; how it looks on the wire is for the stream to say. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: Status };

/** Which objects, and from which version on; without one, from now on after what is there. */
export type WatchOptions = Selection & {
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
  readonly allowWatchBookmarks?: boolean | undefined;
  readonly sendInitialEvents?: boolean | undefined;
};

/**
 * Calls `take` for what is there (when no version is given), then for every change. Returns the way to stop, or undefined
 * when the last event was an ERROR. `take` must not write. Throws ApiError for options that cannot be.
 */
export function watch(
  core: ApiCore,
  kind: Kind,
  options: WatchOptions,
  take: (event: WatchEvent) => void,
): (() => void) | undefined {
  checkInitialEvents(core, options);
  const matches = selector(kind, options);
  const from = readRevision(options.resourceVersion);
  const collection = core.store.collection(kind.resource);
  if (from === 0 || options.sendInitialEvents === true) {
    for (const object of collection.list(options.namespace).filter(matches)) {
      take({ type: 'ADDED', object });
    }
    if (options.sendInitialEvents === true) {
      take({ type: 'BOOKMARK', revision: core.store.revision, initialEnd: true });
    }
  } else if (from < collection.history.floor) {
    const why = `too old resource version: ${from} (${collection.history.floor})`;
    take({ type: 'ERROR', status: expired(why).status() });
    return undefined;
  } else {
    for (const change of collection.history.after(from)) {
      forward(change, matches, take);
    }
  }
  return collection.listen((change) => {
    if (change.revision > from) {
      forward(change, matches, take);
    }
  });
}

/** A change into or out of the selection looks like an addition or a removal. */
function forward(change: Change, matches: (object: KubeObject) => boolean, take: (event: WatchEvent) => void): void {
  const before = change.previous !== undefined && matches(change.previous);
  const after = change.type !== 'DELETED' && matches(change.object);
  if (after) {
    take({ type: before ? 'MODIFIED' : 'ADDED', object: change.object });
  } else if (before) {
    take({ type: 'DELETED', object: change.object });
  }
}

function checkInitialEvents(core: ApiCore, options: WatchOptions): void {
  const refuse = (field: string, why: string): never => {
    throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [forbiddenField(field, why)]);
  };
  const match = options.resourceVersionMatch ?? '';
  if (options.sendInitialEvents === undefined) {
    if (match !== '') {
      refuse(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    }
    return;
  }
  if (!atLeast(core.context.version, 32)) {
    refuse(
      'sendInitialEvents',
      'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  }
  if (match !== 'NotOlderThan') {
    refuse('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (options.sendInitialEvents && options.allowWatchBookmarks !== true) {
    refuse('allowWatchBookmarks', 'sendInitialEvents requires allowWatchBookmarks to be set');
  }
}

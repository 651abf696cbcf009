/** Keeps managedFields true on ordinary writes: who changes a field owns it from then on, and alone. */
import { omit, sameJson } from '../json.ts';
import { apiVersionOf } from '../kinds/kind.ts';
import { timestamp } from '../object.ts';
import { entriesOf, sameOwner, withEntries, withoutPaths } from './entries.ts';
import { leavesOf, minus } from './leaves.ts';
import type { JsonObject } from '../json.ts';
import type { Kind, Subresource } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { Leaves, Path } from './leaves.ts';

/** The creator owns everything but the status, which the server wrote. */
export function trackCreate(kind: Kind, object: KubeObject, manager: string, now: number): KubeObject {
  const owned: JsonObject = kind.subresources.includes('status') ? omit(object, 'status') : object;
  const paths = new Set(leavesOf(kind.schema, owned).keys());
  return withEntries(object, [
    {
      manager,
      operation: 'Update',
      apiVersion: apiVersionOf(kind),
      subresource: undefined,
      time: timestamp(now),
      paths,
    },
  ]);
}

/** What `manager` changed becomes its own; what went away is nobody's. */
export function trackUpdate(
  target: { readonly kind: Kind; readonly subresource: Subresource | undefined },
  next: KubeObject,
  previous: KubeObject,
  manager: string,
  now: number,
): KubeObject {
  const { kind, subresource } = target;
  const before = leavesOf(kind.schema, previous);
  const after = leavesOf(kind.schema, next);
  const changed = changedPaths(before, after);
  const touched = new Set([...changed, ...[...before.keys()].filter((path) => !after.has(path))]);
  const entries = entriesOf(next);
  if (touched.size === 0) {
    return withEntries(next, entries);
  }
  const owner = { manager, operation: 'Update' as const, apiVersion: apiVersionOf(kind), subresource };
  const own = entries.find((entry) => sameOwner(entry, owner));
  const others = entries.filter((entry) => entry !== own).map((entry) => withoutPaths(entry, touched));
  const paths = new Set([...minus(own?.paths ?? new Set(), touched), ...changed]);
  const time = timestamp(now);
  return withEntries(next, [...others, { ...owner, time, paths }]);
}

/** The paths that are new, or have another value than before. */
function changedPaths(before: Leaves, after: Leaves): ReadonlySet<Path> {
  const changed = [...after].filter(([path, value]) => !before.has(path) || !sameJson(before.get(path), value));
  return new Set(changed.map(([path]) => path));
}

/**
 * Server-side apply. The applier owns what its configuration says; a field that somebody else owns with another value is a
 * conflict, unless forced; what it said before and does not say any more goes, if nobody else owns it.
 */
import { ApiError, badRequest, invalidObject, notFound, required } from '../errors.ts';
import { isObject, omit, sameJson, show, textAt } from '../json.ts';
import { apiVersionOf, subjectOf } from '../kinds/kind.ts';
import { entriesOf, sameOwner, withEntries, withoutPaths } from '../managed-fields/entries.ts';
import { joinPath, leavesOf, minus, splitPath } from '../managed-fields/leaves.ts';
import { keyOf, timestamp, withMeta } from '../object.ts';
import { layOver, takeOut } from '../patch/apply-merge.ts';
import { fromStorage, readBody, readConfiguration } from './core.ts';
import { createObject, place } from './create.ts';
import { replace } from './update.ts';
import type { JsonObject } from '../json.ts';
import type { Entry } from '../managed-fields/entries.ts';
import type { Leaves, Path } from '../managed-fields/leaves.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore, WriteOptions } from './core.ts';
import type { Target, Written } from './update.ts';

/** `force` takes over what others own. */
export type ApplyOptions = WriteOptions & { readonly force: boolean };

/** Throws ApiError: 409 with one cause a field for conflicts, and whatever a create or update would throw. */
export function apply(core: ApiCore, target: Target, body: JsonObject, options: ApplyOptions): Written {
  const { kind, namespace, name, subresource } = target;
  checkApply(target, body, options);
  const configuration = place(kind, namespace, readConfiguration(kind, body, options));
  const own = ownPart(target, configuration);
  const leaves = leavesOf(kind.schema, own, false);
  const previous = core.store.collection(kind.resource).get(keyOf(namespace, name));
  const owner = { manager: options.manager, operation: 'Apply' as const, apiVersion: apiVersionOf(kind), subresource };
  const entry: Entry = { ...owner, time: timestamp(core.context.now()), paths: new Set(leaves.keys()) };
  if (previous === undefined) {
    if (subresource !== undefined) {
      throw notFound(subjectOf(kind), name);
    }
    const fresh = readBody(kind, { ...configuration, apiVersion: apiVersionOf(kind) }, options);
    return {
      object: createObject(core, kind, namespace, fresh, options, (object) => withEntries(object, [entry])),
      created: true,
    };
  }
  const others = entriesOf(previous).filter((one) => !sameOwner(one, owner));
  const conflicts = findConflicts(leavesOf(kind.schema, previous), leaves, others);
  if (conflicts.length > 0 && !options.force) {
    throw conflictError(conflicts);
  }
  const lost = new Set(conflicts.map(({ path }) => path));
  const kept = others.map((one) => withoutPaths(one, lost));
  const before = entriesOf(previous).find((one) => sameOwner(one, owner));
  const merged = merge(target, previous, own, abandoned(before, entry, kept));
  const given = withMeta(readBody(kind, shownAs(target, merged), options), {
    resourceVersion: configuration.metadata.resourceVersion ?? previous.metadata.resourceVersion,
    uid: configuration.metadata.uid,
  });
  const entries = [...kept, before !== undefined && sameSet(before.paths, entry.paths) ? before : entry];
  return {
    object: replace(core, target, previous, given, options, (next) => withEntries(next, entries)),
    created: false,
  };
}

function checkApply({ kind, name }: Target, body: JsonObject, options: ApplyOptions): void {
  if (options.manager === '') {
    const about = { group: 'meta.k8s.io', kind: 'PatchOptions' };
    throw invalidObject(about, '', [required('fieldManager', 'is required for apply patch')]);
  }
  if (textAt(body, 'apiVersion') === undefined || textAt(body, 'kind') === undefined) {
    throw badRequest(`error decoding YAML: Object 'Kind' or 'apiVersion' is missing in the configuration to apply`);
  }
  const metadata = body['metadata'];
  if (isObject(metadata) && metadata['managedFields'] !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const given = textAt(body, 'metadata', 'name');
  if (given !== undefined && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  if (kind.conversion !== undefined) {
    throw badRequest(`apply is not supported for ${kind.plural}.${kind.group}, use the core version`);
  }
}

/** What of a configuration this (sub)resource takes. */
function ownPart({ kind, subresource }: Target, configuration: KubeObject): KubeObject {
  if (subresource !== undefined) {
    const { apiVersion, kind: type, metadata, status } = configuration;
    const bare = {
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    };
    return { apiVersion, kind: type, metadata: bare, ...(status === undefined ? {} : { status }) };
  }
  return kind.subresources.includes('status') ? omit(configuration, 'status') : configuration;
}

type Conflict = { readonly path: Path; readonly with: Entry };

function findConflicts(live: Leaves, applied: Leaves, others: readonly Entry[]): readonly Conflict[] {
  const differing = [...applied].filter(([path, value]) => !sameJson(live.get(path), value)).map(([path]) => path);
  return others.flatMap((entry) =>
    differing.filter((path) => entry.paths.has(path)).map((path) => ({ path, with: entry })),
  );
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const described = conflicts.map(({ path, with: entry }) => {
    const part = entry.subresource === undefined ? '' : ` with subresource ${JSON.stringify(entry.subresource)}`;
    return {
      owner: `conflict with ${JSON.stringify(entry.manager)}${part} using ${entry.apiVersion}`,
      field: dotted(path),
    };
  });
  const [first] = described;
  const lines = described.map(({ owner, field }) => `${owner}: ${field}`);
  const message =
    described.length === 1
      ? `Apply failed with 1 conflict: ${first?.owner ?? ''}: ${first?.field ?? ''}`
      : `Apply failed with ${described.length} conflicts: ${lines.join('\n')}`;
  return new ApiError(409, 'Conflict', message, {
    causes: described.map(({ owner, field }) => ({ reason: 'FieldManagerConflict', message: owner, field })),
  });
}

/** `.spec.ports[port=80].name`, as the API writes a path in words. */
function dotted(path: Path): string {
  return splitPath(path)
    .map((element) => {
      const text = element.slice(2);
      if (element.startsWith('f:')) {
        return `.${text}`;
      }
      const keys = element.startsWith('k:') ? (JSON.parse(text) as JsonObject) : { '': text };
      return `[${Object.entries(keys)
        .map(([key, value]) => (key === '' ? `=${show(value)}` : `${key}=${JSON.stringify(value)}`))
        .join(',')}]`;
    })
    .join('');
}

/**
 * What the applier owned, does not name any more, and nobody else owns (or owns something inside of). Outermost first; the
 * keys of an item that stays are not taken out of it.
 */
function abandoned(before: Entry | undefined, now: Entry, others: readonly Entry[]): readonly Path[] {
  const held = [now, ...others].flatMap((entry) => Array.from(entry.paths));
  const taken = new Set(held);
  const within = (path: Path): boolean => held.some((other) => other.startsWith(`${path}\u0000`));
  const gone = new Set([...(before?.paths ?? [])].filter((path) => !taken.has(path) && !within(path)));
  return [...gone].filter((path) => !isKeyOfKept(path, gone)).sort((a, b) => a.length - b.length);
}

function isKeyOfKept(path: Path, gone: ReadonlySet<Path>): boolean {
  const elements = splitPath(path);
  const item = elements.at(-2) ?? '';
  const keys = item.startsWith('k:') ? Object.keys(JSON.parse(item.slice(2)) as JsonObject) : [];
  return keys.includes((elements.at(-1) ?? '').slice(2)) && !gone.has(joinPath(elements.slice(0, -1)));
}

function merge({ kind }: Target, previous: KubeObject, own: KubeObject, gone: readonly Path[]): JsonObject {
  const laid = layOver(kind.schema, previous, omit(own, 'apiVersion'));
  return gone.reduce<JsonObject>((left, path) => takeOut(kind.schema, left, path), isObject(laid) ? laid : {});
}

function shownAs({ kind }: Target, merged: JsonObject): JsonObject {
  return fromStorage(kind, merged as KubeObject);
}

function sameSet(a: ReadonlySet<Path>, b: ReadonlySet<Path>): boolean {
  return a.size === b.size && minus(a, b).size === 0;
}

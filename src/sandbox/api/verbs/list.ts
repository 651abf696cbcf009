import { ApiError, badRequest, expired, invalidObject, forbiddenField, notFound, tooLargeVersion } from '../errors.ts';
import { subjectOf } from '../kinds/kind.ts';
import { keyOf, objectKey } from '../object.ts';
import { matchesFields, parseFieldSelector } from '../selectors/fields.ts';
import { matchesLabels, parseLabelSelector } from '../selectors/labels.ts';
import { readContinueToken, writeContinueToken } from '../store/continue-token.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore } from './core.ts';

/** Which objects are meant. */
export type Selection = {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
};

/** Which objects, as of which version, from where on and how many. */
export type ListOptions = Selection & {
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
};

/** A page of a list, or all of it. */
export type Page = {
  readonly items: readonly KubeObject[];
  readonly revision: number;
  readonly continue: string | undefined;
  /** How many come after this page; undefined when a selector makes that unknown. */
  readonly remaining: number | undefined;
};

/** Throws ApiError 404 when there is no such object. */
export function get(core: ApiCore, kind: Kind, namespace: string | undefined, name: string): KubeObject {
  const found = core.store.collection(kind.resource).get(keyOf(namespace, name));
  if (found === undefined) {
    throw notFound(subjectOf(kind), name);
  }
  return found;
}

/** Says whether an object is selected. Throws ApiError 400 when a selector cannot be read. */
export function selector(kind: Kind, selection: Selection): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(selection.labelSelector ?? '');
  const resource = `${kind.group}/${kind.version}, Resource=${kind.plural}`;
  const fields = parseFieldSelector(selection.fieldSelector ?? '', kind.fieldLabels, resource);
  const { namespace } = selection;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    matchesLabels(labels, object.metadata.labels) &&
    matchesFields(fields, kind.fieldLabels, object);
}

/** One page, or all. Every page of a list shows the same version; when that is too old, ApiError 410. */
export function list(core: ApiCore, kind: Kind, options: ListOptions): Page {
  const collection = core.store.collection(kind.resource);
  const matches = selector(kind, options);
  const { revision, start, exact } = startOf(core, kind, options);
  const all = exact ? collection.listAt(revision, options.namespace) : collection.list(options.namespace);
  const rest = start === '' ? all : all.filter((object) => objectKey(object) > start);
  // Version 0 is answered from the watch cache, which knows no pages.
  const whole = options.resourceVersion === '0' && (options.continue ?? '') === '';
  const limit = whole ? 0 : (options.limit ?? 0);
  const selective = (options.labelSelector ?? '') !== '' || (options.fieldSelector ?? '') !== '';
  if (limit <= 0) {
    return { items: selective ? rest.filter(matches) : rest, revision, continue: undefined, remaining: undefined };
  }
  const { items, next } = takePage(rest, matches, limit);
  const last = items.at(-1);
  if (last === undefined || next >= rest.length || (selective && !rest.slice(next).some(matches))) {
    return { items, revision, continue: undefined, remaining: undefined };
  }
  return {
    items,
    revision,
    continue: writeContinueToken({ revision, start: objectKey(last) }),
    remaining: selective ? undefined : rest.length - next,
  };
}

function takePage(
  rest: readonly KubeObject[],
  matches: (object: KubeObject) => boolean,
  limit: number,
): { readonly items: readonly KubeObject[]; readonly next: number } {
  const items: KubeObject[] = [];
  let next = 0;
  for (const object of rest) {
    if (items.length === limit) {
      break;
    }
    next += 1;
    if (matches(object)) {
      items.push(object);
    }
  }
  return { items, next };
}

type Start = { readonly revision: number; readonly start: string; readonly exact: boolean };

function startOf(core: ApiCore, kind: Kind, options: ListOptions): Start {
  const current = core.store.revision;
  const { floor } = core.store.collection(kind.resource).history;
  checkMatch(options);
  if ((options.continue ?? '') !== '') {
    return continued(options, current, floor);
  }
  const asked = readRevision(options.resourceVersion);
  if (asked > current) {
    throw tooLargeVersion(asked, current);
  }
  const paged = (options.limit ?? 0) > 0 && asked > 0 && (options.resourceVersionMatch ?? '') === '';
  if (options.resourceVersionMatch === 'Exact' || paged) {
    if (asked < floor) {
      throw expired('The resourceVersion for the provided list is too old.');
    }
    return { revision: asked, start: '', exact: true };
  }
  return { revision: current, start: '', exact: false };
}

function continued(options: ListOptions, current: number, floor: number): Start {
  if ((options.resourceVersion ?? '') !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const token = readContinueToken(options.continue ?? '');
  if (token.revision < 0) {
    return { revision: current, start: token.start, exact: false };
  }
  if (token.revision < floor) {
    const again = writeContinueToken({ revision: -1, start: token.start });
    throw new ApiError(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      undefined,
      { continue: again },
    );
  }
  return { revision: token.revision, start: token.start, exact: true };
}

/** Throws ApiError 422 for combinations that mean nothing. */
function checkMatch({ resourceVersion = '', resourceVersionMatch = '', ...options }: ListOptions): void {
  if (resourceVersionMatch === '') {
    return;
  }
  const refuse = (why: string): never => {
    const about = { group: 'meta.k8s.io', kind: 'ListOptions' };
    throw invalidObject(about, '', [forbiddenField('resourceVersionMatch', why)]);
  };
  if ((options.continue ?? '') !== '') {
    refuse('resourceVersionMatch is forbidden when continue is provided');
  }
  if (resourceVersion === '') {
    refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (resourceVersionMatch !== 'Exact' && resourceVersionMatch !== 'NotOlderThan') {
    refuse(`resourceVersionMatch must be Exact or NotOlderThan, got ${JSON.stringify(resourceVersionMatch)}`);
  }
  if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
    refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}

/** Throws ApiError 400 when the text is no version. Absent is 0. */
export function readRevision(text: string | undefined): number {
  if (text === undefined || text === '') {
    return 0;
  }
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(
      `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}

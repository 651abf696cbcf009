/** /api, /apis and what is below: which groups, versions and resources there are. */
import { apiVersionOf } from '../kinds/kind.ts';
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const subresourceVerbs = ['get', 'patch', 'update'];

/** The answers that are computed without being stored, and so are in no registry. */
const reviews = [
  { group: 'authorization.k8s.io', kind: 'SelfSubjectAccessReview', plural: 'selfsubjectaccessreviews' },
  { group: 'authorization.k8s.io', kind: 'SelfSubjectRulesReview', plural: 'selfsubjectrulesreviews' },
  { group: 'authorization.k8s.io', kind: 'SubjectAccessReview', plural: 'subjectaccessreviews' },
  { group: 'authentication.k8s.io', kind: 'SelfSubjectReview', plural: 'selfsubjectreviews' },
];

type Group = { readonly name: string; readonly versions: ReadonlyMap<string, readonly Kind[]> };

function groupsOf(kinds: readonly Kind[]): readonly Group[] {
  const groups = new Map<string, Map<string, Kind[]>>(reviews.map(({ group }) => [group, new Map([['v1', []]])]));
  for (const kind of kinds) {
    const versions = groups.get(kind.group) ?? new Map<string, Kind[]>();
    groups.set(kind.group, versions);
    versions.set(kind.version, [...(versions.get(kind.version) ?? []), kind]);
  }
  return [...groups].map(([name, versions]) => ({ name, versions }));
}

function groupObject(group: Group): JsonObject {
  const versions = [...group.versions.keys()].map((version) => ({ groupVersion: `${group.name}/${version}`, version }));
  return { name: group.name, versions, preferredVersion: versions[0] ?? null };
}

/** The answer to a discovery path; undefined when the path is none, or names what is not served. */
export function discovery(path: string, kinds: readonly Kind[], aggregated: boolean): JsonObject | undefined {
  const groups = groupsOf(kinds);
  const named = groups.filter((group) => group.name !== '');
  if (path === '/api') {
    return aggregated
      ? aggregate(groups.filter((group) => group.name === ''))
      : { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  }
  if (path === '/apis') {
    return aggregated
      ? aggregate(named)
      : { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map((group) => groupObject(group)) };
  }
  const [, root, first = '', version, ...more] = path.split('/');
  if (root === 'api' && version === undefined) {
    return first === 'v1'
      ? resourceList(
          groups.find((group) => group.name === ''),
          'v1',
        )
      : undefined;
  }
  const group = root === 'apis' && more.length === 0 ? named.find((one) => one.name === first) : undefined;
  if (group === undefined || version !== undefined) {
    return group === undefined || version === undefined ? undefined : resourceList(group, version);
  }
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupObject(group) };
}

function resourceList(group: Group | undefined, version: string): JsonObject | undefined {
  const kinds = group?.versions.get(version);
  if (group === undefined || kinds === undefined) {
    return undefined;
  }
  const computed = reviews.filter((review) => review.group === group.name);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group.name === '' ? version : `${group.name}/${version}`,
    resources: [
      ...kinds.flatMap((kind) => resourceEntries(kind)),
      ...computed.map(({ kind, plural }) => ({
        name: plural,
        singularName: kind.toLowerCase(),
        namespaced: false,
        kind,
        verbs: ['create'],
      })),
    ],
  };
}

function resourceEntries(kind: Kind): readonly JsonObject[] {
  const main = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs,
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
  };
  const subresources = kind.subresources.map((name) => ({
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: name === 'finalize' ? ['update'] : subresourceVerbs,
  }));
  return [main, ...subresources];
}

/** One answer for everything, as apidiscovery.k8s.io/v2. */
function aggregate(groups: readonly Group[]): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group.name, creationTimestamp: null },
      versions: [...group.versions].map(([version, kinds]) => ({
        version,
        freshness: 'Current',
        resources: [
          ...kinds.map((kind) => aggregatedResource(kind)),
          ...reviews.filter((review) => review.group === group.name).map((review) => aggregatedReview(review)),
        ],
      })),
    })),
  };
}

function aggregatedResource(kind: Kind): JsonObject {
  const responseKind = { group: kind.group, version: kind.version, kind: kind.kind };
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs,
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    subresources: kind.subresources.map((subresource) => ({ subresource, responseKind, verbs: subresourceVerbs })),
  };
}

function aggregatedReview(review: (typeof reviews)[number]): JsonObject {
  return {
    resource: review.plural,
    responseKind: { group: review.group, version: 'v1', kind: review.kind },
    scope: 'Cluster',
    singularResource: review.kind.toLowerCase(),
    verbs: ['create'],
  };
}

/** Everything is allowed: there is no RBAC here. Undefined when `path` is no review. */
export function review(path: string, body: JsonObject): JsonObject | undefined {
  const found = reviews.find(({ group, plural }) => path === `/apis/${group}/v1/${plural}`);
  if (found === undefined) {
    return undefined;
  }
  const apiVersion = `${found.group}/v1`;
  const head = { kind: found.kind, apiVersion, metadata: { creationTimestamp: null }, spec: body['spec'] ?? {} };
  switch (found.kind) {
    case 'SelfSubjectReview':
      return {
        ...head,
        status: { userInfo: { username: 'sandbox-admin', groups: ['system:masters', 'system:authenticated'] } },
      };
    case 'SelfSubjectRulesReview':
      return {
        ...head,
        status: {
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
          nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          incomplete: false,
        },
      };
    default:
      return { ...head, status: { allowed: true, reason: 'the sandbox has no RBAC' } };
  }
}

/** Every `group/version` that has a kind, in the order in which they came. */
export function servedApiVersions(kinds: readonly Kind[]): readonly string[] {
  return [...new Set(kinds.map((kind) => apiVersionOf(kind)))];
}

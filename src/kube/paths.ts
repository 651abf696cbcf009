import type { Selection } from './api.ts';
import { KubeError } from './errors.ts';
import type { ObjectName, ResourceNames } from './resource.ts';

/** Paths of the Kubernetes API. Names are escaped, so that none can lead to another object. */

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

function refused(message: string): KubeError {
  return new KubeError(message, { kind: 'setup', unsent: true });
}

/** The collection: of one namespace, or of all of them when `namespace` is absent. */
export function collectionPath(resource: ResourceNames, namespace: string | undefined): string {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  if (!resource.namespaced || namespace === undefined || namespace === '') {
    return `${root}/${resource.version}/${resource.plural}`;
  }
  return `${root}/${resource.version}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
}

/** Throws KubeError (`setup`) for an empty name, which would mean the whole collection, or a missing namespace. */
export function objectPath(resource: ResourceNames, object: ObjectName, subresource?: string): string {
  if (object.name === '' || object.name === '.' || object.name === '..') {
    throw refused(`${resource.plural}: expected a name, got ${JSON.stringify(object.name)}`);
  }
  const path = `${creationPath(resource, object.namespace)}/${encodeURIComponent(object.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Where new objects are posted. Throws KubeError (`setup`) when a namespace is needed and not given. */
export function creationPath(resource: ResourceNames, namespace: string | undefined): string {
  if (resource.namespaced && (namespace === undefined || namespace === '')) {
    throw refused(`${resource.plural}: expected a namespace, got none`);
  }
  return collectionPath(resource, namespace);
}

export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) {
      parameters.set(key, String(value));
    }
  }
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

export function selectionQuery(selection: Selection): Query {
  return { labelSelector: selection.labelSelector, fieldSelector: selection.fieldSelector };
}

/** What a URL of the API is about. */
import type { Subresource } from '../kinds/kind.ts';

/** The parts of a resource's URL; no `name` means the collection, no `namespace` all of them or none. */
export type ResourcePath = {
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
};

const namespaceSubresources: readonly string[] = ['status', 'finalize'] satisfies Subresource[];

/** Undefined when the path is not one of a resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  let parts: string[];
  try {
    parts = path
      .split('/')
      .slice(1)
      .map((part) => decodeURIComponent(part));
  } catch {
    return undefined;
  }
  const rest = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : undefined;
  if (rest === undefined || rest.length === 0 || rest.includes('')) {
    return undefined;
  }
  const apiVersion = parts[0] === 'api' ? (parts[1] ?? '') : `${parts[1] ?? ''}/${parts[2] ?? ''}`;
  const [first = '', namespace, plural, name, subresource, ...more] = rest;
  if (first === 'namespaces' && plural !== undefined && !namespaceSubresources.includes(plural)) {
    return more.length === 0 ? { apiVersion, plural, namespace, name, subresource } : undefined;
  }
  return rest.length <= 3
    ? { apiVersion, plural: first, namespace: undefined, name: namespace, subresource: plural }
    : undefined;
}

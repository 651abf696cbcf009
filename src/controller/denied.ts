/** What the API does not let us do is told on the object that waits for it: a log line alone is seen by nobody who could help. */
import { isForbidden, type KubeError } from '../kube/errors.ts';
import { referenceTo } from '../kube/event-body.ts';
import type { KubeObject, Resource } from '../kube/resources.ts';
import type { Events } from './events.ts';

/** `User "..." cannot patch resource "..."`: RBAC's words. Quotas and admission plug-ins answer 403 in others. */
const rbac = /\bcannot \S+ resource "/;

/** The words of an error of the API, and what to do where it is a right that is missing. */
export function describeApiError(error: KubeError): string {
  return isForbidden(error) && rbac.test(error.message)
    ? `${error.message}. Brickyard lacks this right: apply its RBAC rules (manifests/base/rbac-*.yaml) again`
    : error.message;
}

export type DeniedTeller = (key: string, error: KubeError) => void;

/**
 * Tells by an event on the object with that key, if the cache has it. Does nothing for errors that may pass: those are tried
 * again, and told when it turns out what they mean.
 */
export function deniedTeller<T extends KubeObject>(
  events: Events,
  resource: Resource<T>,
  find: (key: string) => T | undefined,
  reason: string,
): DeniedTeller {
  return (key, error) => {
    const object = find(key);
    if (object !== undefined && isForbidden(error)) {
      const message = `${describeApiError(error)}. It is tried again`;
      events.record({ about: referenceTo(resource, object), type: 'Warning', reason, message });
    }
  };
}

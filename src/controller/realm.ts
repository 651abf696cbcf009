import type { KubeApi } from '../kube/api.ts';
import { namespaces } from '../kube/resources.ts';

/**
 * Which Kubernetes cluster this is: the UID of its kube-system namespace, which no cluster shares with another and which
 * lives as long as the cluster. The engine's store is bound to it. Rejects with KubeError when the API cannot be read,
 * and with Error when there is no such namespace.
 */
export async function clusterRealm(api: KubeApi, signal?: AbortSignal): Promise<string> {
  const found = await api.get(namespaces, { name: 'kube-system' }, signal === undefined ? {} : { signal });
  if (found === undefined) {
    throw new Error('the namespace kube-system does not exist, so it cannot be told which Kubernetes cluster this is');
  }
  return found.metadata.uid;
}

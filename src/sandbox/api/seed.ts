import type { ApiClient } from './client.ts';

/** What a new cluster has before anybody made anything. */
export function seed(api: ApiClient): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
}

/** The kinds that the kubernetes store keeps its records as, applied to a sandbox API as a cluster's administrator would. */
import { readdir, readFile } from 'node:fs/promises';
import { ApiextensionsV1Api, KubeConfig, type V1CustomResourceDefinition } from '@kubernetes/client-node';
import { parse } from 'yaml';

const folder = new URL('../../manifests/crds/', import.meta.url);

export async function applyRecordKinds(kubeconfig: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = config.makeApiClient(ApiextensionsV1Api);
  const files = (await readdir(folder)).filter((name) => name !== 'kustomization.yaml');
  for (const name of files) {
    const body = parse(await readFile(new URL(name, folder), 'utf8')) as V1CustomResourceDefinition;
    await api.createCustomResourceDefinition({ body });
  }
}

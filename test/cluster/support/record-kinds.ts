/** The kinds of manifests/crds, for as long as a scenario with a controller of its own needs them. */
import { z } from 'zod';
import { applyRecordKinds } from '../../support/record-kinds.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { ClusterApi } from './cluster.ts';

const group = { group: 'brickyard.dev', version: 'v1alpha1' };

/**
 * Applies them, and hands their end to `cleanUp`. `false`: they are there already, so some Brickyard keeps its records in
 * them, which have no namespace: a second one must not come near.
 */
export async function lendRecordKinds(
  api: ClusterApi,
  cleanUp: (remove: () => Promise<unknown>) => void,
): Promise<boolean> {
  if ((await recordKinds(api)).length > 0) {
    return false;
  }
  cleanUp(() => removeRecordKinds(api));
  await applyRecordKinds(api.kubeconfig);
  await waitFor('the kinds are served', async () => {
    const kinds = await recordKinds(api);
    return kinds.every(({ isServed }) => isServed);
  });
  return true;
}

async function recordKinds({ definitions }: ClusterApi) {
  const { items } = await definitions.listCustomResourceDefinition();
  return items
    .filter(({ spec }) => spec.group === group.group)
    .map(({ metadata, spec, status }) => ({
      name: metadata?.name ?? '',
      plural: spec.names.plural,
      isServed: status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True') ?? false,
    }));
}

const objects = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** With all that is in them: the simulated nodes are gone, so nothing stands behind a record any more. */
async function removeRecordKinds(api: ClusterApi): Promise<void> {
  const kinds = await recordKinds(api);
  for (const { plural } of kinds) {
    const { items } = objects.parse(await api.custom.listClusterCustomObject({ ...group, plural }));
    for (const { metadata } of items) {
      const one = { ...group, plural, name: metadata.name };
      // What no finalizer is on has no such list to replace.
      await api.custom
        .patchClusterCustomObject({ ...one, body: [{ op: 'replace', path: '/metadata/finalizers', value: [] }] })
        .catch(() => undefined);
      await api.custom.deleteClusterCustomObject(one).catch(() => undefined);
    }
  }
  for (const { name } of kinds) {
    await api.definitions.deleteCustomResourceDefinition({ name });
  }
}

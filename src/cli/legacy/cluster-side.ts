import type { ServerAddresses } from '../../controller/legacy/prospects.ts';
import { recogniseLegacy, type LegacyVolume } from '../../controller/legacy/recognise.ts';
import type { KubeApi } from '../../kube/api.ts';
import { isForbidden } from '../../kube/errors.ts';
import { endpoints, keyOf, persistentVolumes, type Endpoints } from '../../kube/resources.ts';

/** A PersistentVolume of yesterday, with the servers that it points to. */
export interface FoundLegacy {
  readonly legacy: LegacyVolume;
  readonly addresses: ServerAddresses;
}

/** All of them, page by page, by name. Rejects with KubeError. Writes nothing. */
export async function findLegacy(api: KubeApi, provisioner: string): Promise<readonly FoundLegacy[]> {
  const found: LegacyVolume[] = [];
  for await (const { items } of api.pages(persistentVolumes)) {
    found.push(...items.flatMap((pv) => recogniseLegacy(pv, provisioner) ?? []));
  }
  const servers = await serversOf(api, found);
  return found
    .toSorted((a, b) => a.persistentVolume.localeCompare(b.persistentVolume, 'en', { numeric: true }))
    .map((legacy) => ({ legacy, addresses: addressesOf(legacy, servers) }));
}

type Servers = ReadonlyMap<string, readonly string[]> | { readonly unknown: string };

/** The in-tree provisioner made one Endpoints object a claim, in the claim's namespace: one list is less than so many gets. */
async function serversOf(api: KubeApi, found: readonly LegacyVolume[]): Promise<Servers> {
  const wanted = new Set(found.map(({ endpoints: at }) => keyOf({ namespace: at.namespace ?? '', name: at.name })));
  const servers = new Map<string, readonly string[]>();
  if (wanted.size === 0) {
    return servers;
  }
  try {
    for await (const { items } of api.pages(endpoints)) {
      for (const item of items.filter(({ metadata }) => wanted.has(keyOf(metadata)))) {
        servers.set(keyOf(item.metadata), ipsOf(item));
      }
    }
    return servers;
  } catch (error) {
    if (isForbidden(error)) {
      // The controller's own account may not read Endpoints of other namespaces, and does not need to.
      return { unknown: 'Endpoints of other namespaces may not be read by this user' };
    }
    throw error;
  }
}

function ipsOf({ subsets }: Endpoints): readonly string[] {
  const all = subsets.flatMap(({ addresses, notReadyAddresses }) => [...addresses, ...notReadyAddresses]);
  return [...new Set(all.map(({ ip }) => ip))];
}

function addressesOf({ endpoints: at }: LegacyVolume, servers: Servers): ServerAddresses {
  if ('unknown' in servers) {
    return servers;
  }
  if (at.namespace === undefined) {
    return { unknown: `its Endpoints (${at.name}) are looked up in the namespace of whichever pod mounts it` };
  }
  const key = keyOf({ namespace: at.namespace, name: at.name });
  return servers.get(key) ?? { unknown: `there are no Endpoints ${key}, so no pod can mount it` };
}

/** What the controller keeps of the API in memory. */
import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { KubeApi } from '../kube/api.ts';
import { Reflector } from '../kube/reflector.ts';
import {
  endpoints,
  persistentVolumeClaims,
  persistentVolumes,
  services,
  storageClasses,
  type Endpoints,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Service,
  type StorageClass,
} from '../kube/resources.ts';
import { managedByBrickyard, managedByLabel } from './annotations.ts';
import { classNameOf } from './claims.ts';

export interface Caches {
  readonly claims: Reflector<PersistentVolumeClaim, 'pendingOfClass'>;
  readonly volumes: Reflector<PersistentVolume>;
  readonly classes: Reflector<StorageClass>;
  /** Ours only, in our own namespace. */
  readonly services: Reflector<Service>;
  readonly endpoints: Reflector<Endpoints>;
}

export interface CacheOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Our own. */
  readonly namespace: string;
}

export function createCaches({ api, clock, random, log, namespace }: CacheOptions): Caches {
  const shared = { api, clock, random, log };
  const selection = { namespace, labelSelector: `${managedByLabel}=${managedByBrickyard}` };
  return {
    claims: new Reflector<PersistentVolumeClaim, 'pendingOfClass'>({
      ...shared,
      resource: persistentVolumeClaims,
      // Only those without a volume: they are few, whatever the size of the cluster.
      indexes: { pendingOfClass: (claim) => (claim.spec.volumeName === '' ? [classNameOf(claim)] : []) },
    }),
    volumes: new Reflector({ ...shared, resource: persistentVolumes }),
    classes: new Reflector({ ...shared, resource: storageClasses }),
    services: new Reflector({ ...shared, resource: services, selection }),
    endpoints: new Reflector({ ...shared, resource: endpoints, selection }),
  };
}

/** What is common to caches of all kinds. */
export type AnyCache = Pick<Reflector<never>, 'start' | 'stop' | 'synced' | 'hasSynced' | 'lastSyncAge'>;

/** Every cache with the plural name of its kind. */
export function everyCache(caches: Caches): readonly (readonly [string, AnyCache])[] {
  return [
    [persistentVolumeClaims.plural, caches.claims],
    [persistentVolumes.plural, caches.volumes],
    [storageClasses.plural, caches.classes],
    [services.plural, caches.services],
    [endpoints.plural, caches.endpoints],
  ];
}

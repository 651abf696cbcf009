import { lookup } from 'node:dns/promises';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import { createEngine } from '../../engine/engine.ts';
import type { Declarations, EngineObserver, StateStore, StorageNodes } from '../../engine/ports.ts';
import type { KubeApi } from '../../kube/api.ts';
import { KubernetesStore } from '../../store/kubernetes/kubernetes.ts';
import { SqliteStore } from '../../store/sqlite.ts';
import type { Config } from '../config/schema.ts';
import { kubeRecordApi } from './record-api.ts';

export interface EngineParts {
  readonly config: Config;
  readonly store: StateStore;
  readonly nodes: StorageNodes;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly observer: EngineObserver;
}

export interface StoreParts {
  readonly config: Config;
  readonly kube: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** May this process write as leader at this very moment? */
  readonly leading: () => boolean;
}

export interface StoreAccess {
  readonly store: StateStore;
  /** Where people may declare nodes past the engine. */
  readonly declarations?: Declarations;
}

export function sqliteStore({ store }: Pick<Config, 'store'>): StateStore {
  return new SqliteStore({ path: store.path });
}

/** The store that the configuration names, for the process that leads. */
export function createStore(parts: StoreParts): StoreAccess {
  const { config, clock, leading } = parts;
  switch (config.store.kind) {
    case 'sqlite':
      return { store: sqliteStore(config) };
    case 'kubernetes': {
      const store = new KubernetesStore({
        api: kubeRecordApi({ ...parts, namespace: config.namespace }),
        // The Lease is had already, and given back when all work has ended.
        possession: { take: leading, held: leading, release: () => undefined },
        now: () => clock.now(),
      });
      return { store, declarations: store.declarations };
    }
  }
}

/** An engine as configured, not yet open. */
export function engineOf({ config, ...rest }: EngineParts): VolumeEngine {
  const { lanes, watch } = config;
  const { maxVolumesPerNamespace, ...limits } = config.limits;
  return createEngine({ ...rest, limits, maxVolumesPerNamespace, lanes, watch, resolve: addressesOfHost });
}

/** As the system resolves it: names of storage hosts may stand in /etc/hosts. */
export async function addressesOfHost(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

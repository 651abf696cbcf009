import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import { createEngine } from '../../engine/engine.ts';
import type { EngineObserver, StateStore, StorageNodes } from '../../engine/ports.ts';
import { SqliteStore } from '../../store/sqlite.ts';
import type { Config } from '../config/schema.ts';

export interface EngineParts {
  readonly config: Config;
  readonly nodes: StorageNodes;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly observer: EngineObserver;
}

/** The store that the configuration names. Every choice of a store in the process is made here. */
export function createStore({ store }: Pick<Config, 'store'>): StateStore {
  switch (store.kind) {
    case 'sqlite':
      return new SqliteStore({ path: store.path });
  }
}

/** An engine as configured, not yet open. */
export function engineOf({ config, ...rest }: EngineParts): VolumeEngine {
  return createEngine({ ...rest, store: createStore(config), limits: config.limits, lanes: config.lanes });
}

import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { ApiClient } from '../api/client.ts';
import type { ServerVersion } from '../api/server-version.ts';
import type { Store } from '../api/store/store.ts';
import type { Recorder } from './recorder.ts';
import type { VolumeIndex } from './volume-index.ts';

/** How this control plane differs from an instant one. Milliseconds. */
export type BinderOptions = {
  /** From the claim's end to phase Released. Real ones took up to 9,300 (15 s resync). */
  readonly releaseDelay: number;
  /** Between the in-tree expander's tries, on versions that have one. */
  readonly expandRetry: number;
};

/** What every part of the binder works with. Reads come from the store, writes go through the API's own rules. */
export type BinderContext = {
  readonly store: Store;
  readonly client: ApiClient;
  readonly recorder: Recorder;
  readonly volumes: VolumeIndex;
  readonly version: ServerVersion;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: BinderOptions;
  /** When each claim may next be tried by the in-tree expander, in monotonic milliseconds. */
  readonly nextExpansion: Map<string, number>;
  /** Has the key synced again after `delay` milliseconds (0: next turn). */
  readonly again: (key: WorkKey, delay: number) => void;
};

/** What is to be looked at: its kind, and its key in the store. */
export type WorkKey =
  | `claim:${string}`
  | `volume:${string}`
  | `namespace:${string}`
  | `expand:${string}`
  | `definition:${string}`;

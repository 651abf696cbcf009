/** What every piece of work on a volume needs. */
import type { Bricks } from './bricks.ts';
import type { Account, Calls } from './calls.ts';
import type { Ledger } from './ledger.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { EngineSettings } from './options.ts';
import type { Planner } from './planner.ts';
import type { NodeHealth } from './node-health.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { RunSignals } from './volume-runs.ts';

export interface VolumeWork {
  readonly settings: EngineSettings;
  readonly ledger: Ledger;
  readonly directory: NodeDirectory;
  readonly health: NodeHealth;
  readonly calls: Calls;
  readonly bricks: Bricks;
  readonly planner: Planner;
}

/** Work on a volume goes on its owner's namespace, and through the nodes that its id points to. */
export function accountOf({ id, owner }: Pick<VolumeRecord, 'id' | 'owner'>, signals: RunSignals): Account {
  return { signals, turn: owner.namespace, seed: id };
}

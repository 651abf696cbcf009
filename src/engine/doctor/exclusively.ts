import type { VolumeId } from '../../domain/names.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { RunSignals } from '../volume-runs.ts';

/** Does something about a volume in its own lane: nothing else is done about it meanwhile. */
export type Exclusively = <T>(
  id: VolumeId,
  signals: RunSignals,
  work: (signals: RunSignals) => Promise<Outcome<T>>,
) => Promise<Outcome<T>>;

/** What an administrator asks to make a volume larger, and what the answers look like. */
import { z } from 'zod';
import { byteSize } from '../domain/schema.ts';
import type { GrowthProgress, VolumeEngine } from '../engine/api.ts';
import { outcomeView, viewOutcome, type OutcomeView } from './outcome-view.ts';
import { findVolume } from './find-volume.ts';

/** `volume` as in Admin.volume. */
export const growthQuery = z.union([
  z.strictObject({ volume: z.string(), size: byteSize }),
  z.strictObject({ volume: z.string(), cancel: z.literal(true) }),
]);
export type GrowthQuery = z.infer<typeof growthQuery>;

const growthProgress = z.object({
  step: z.enum(['record', 'extend', 'bricks', 'add', 'rebalance', 'undo']),
  what: z.string(),
  outcome: outcomeView,
});
export type GrowthProgressView = z.infer<typeof growthProgress>;

/** One line of the answer: any number of `progress`, then one `result`. */
export const growthLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: growthProgress }),
  z.object({ type: z.literal('result'), outcome: outcomeView }),
]);

/** As Admin.growVolume, by an engine at hand. */
export async function growBy(
  engine: VolumeEngine,
  query: GrowthQuery,
  onProgress: (progress: GrowthProgressView) => void,
  signal: AbortSignal,
): Promise<OutcomeView> {
  const { id } = findVolume(engine.volumes(), query.volume);
  const tell = ({ step, what, outcome }: GrowthProgress): void =>
    onProgress({ step, what, outcome: viewOutcome(outcome) });
  return viewOutcome(
    'cancel' in query
      ? await engine.cancelGrowth(id, signal, tell)
      : await engine.growVolume(id, query.size, signal, tell),
  );
}

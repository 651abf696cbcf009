import { z } from 'zod';

export const outcomeView = z.object({
  kind: z.enum(['done', 'rejected', 'waiting', 'failed', 'unknown']),
  /** Absent when done. */
  reason: z.string().optional(),
});
export type OutcomeView = z.infer<typeof outcomeView>;

export function viewOutcome(outcome: { readonly kind: OutcomeView['kind']; readonly reason?: string }): OutcomeView {
  return { kind: outcome.kind, reason: outcome.reason };
}

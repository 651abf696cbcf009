import type { OutcomeView } from '../../api/outcome-view.ts';
import type { PlanView, ProgressView } from '../../api/topology-plan.ts';
import { CommandError, exitCode, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { json } from '../output/table.ts';
import { planTable, progressLine, refusalLines } from '../output/topology.ts';
import { agreed } from './agreed.ts';

export interface ApplyOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** A change of the topology: what it would be, and the way to make it. */
export interface PlannedChange {
  readonly plan: () => Promise<PlanView>;
  readonly apply: (onProgress: (progress: ProgressView) => void, signal: AbortSignal) => Promise<OutcomeView>;
  /** Who asks, for `because ... asks for what must not be done`. */
  readonly who: string;
  /** What to say when all is done. */
  readonly done: string;
}

/**
 * Shows the difference, asks, applies. Throws CommandError when something in it is refused, and when not everything could
 * be done, which a second run carries on with.
 */
export async function applyPlanned(change: PlannedChange, io: Io, options: ApplyOptions): Promise<ExitCode> {
  const plan = await change.plan();
  const say = options.json ? io.err : io.out;
  if (plan.changes.length > 0 || plan.refusals.length === 0) {
    say(planTable(plan));
  }
  if (plan.refusals.length > 0) {
    throw new CommandError(
      `nothing was changed, because ${change.who} asks for what must not be done:\n${refusalLines(plan).join('\n')}`,
    );
  }
  if (options.dryRun) {
    if (options.json) {
      io.out(json({ plan }));
    }
    return exitCode.done;
  }
  if (plan.changes.length > 0 && !options.yes && !(await agreed(io, 'Apply this?'))) {
    io.err('Nothing was changed.');
    return exitCode.failed;
  }
  // Also without changes: an earlier run may have left a device unprepared.
  const steps: ProgressView[] = [];
  const outcome = await change.apply((progress) => {
    steps.push(progress);
    say(progressLine(progress));
  }, new AbortController().signal);
  if (options.json) {
    io.out(json({ plan, steps, outcome }));
  }
  if (outcome.kind === 'done') {
    say(change.done);
    return exitCode.done;
  }
  throw new CommandError(
    `not everything could be done (${outcome.kind}): ${outcome.reason ?? ''}; run it again to carry on`,
  );
}

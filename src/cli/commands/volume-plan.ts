import type { Command } from 'commander';
import type { Admin } from '../../api/admin.ts';
import { clusterId, type ClusterId } from '../../domain/names.ts';
import { CommandError, UsageError } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { json } from '../output/table.ts';
import { planText } from '../output/volume-plan.ts';
import { withAdmin } from './admin-of.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { isPlaceOption, outputOption } from './output-option.ts';
import { addShapeOptions, argument, shapeOf, type ShapeFlags } from './shape-options.ts';

interface PlanFlags extends ShapeFlags {
  readonly cluster?: readonly ClusterId[];
  readonly explain?: boolean;
  readonly output: 'table' | 'json';
}

const after = `
Nothing is changed. Between devices that are equally good a claim's UID decides, so that a real volume may land on
another of them. Ends with 1 when the volume does not fit.

Examples:
  brickyard volume plan --size 100Gi
  brickyard volume plan --size 100Gi --arbiter --zone-spread require --explain
  brickyard volume plan --size 1Ti --disperse 4+2 --tag media=ssd -o json`;

export function addVolumePlanCommand(volume: Command, { io }: CommandContext): void {
  const plan = volume
    .command('plan')
    .description('Show where a volume would go, or why it does not fit and what would help.')
    .option(
      '--cluster <id>',
      'only in this cluster; may be repeated, the first one that takes it counts',
      (text: string, before: readonly ClusterId[] | undefined) => [
        ...(before ?? []),
        argument((id) => clusterId(id))(text),
      ],
    )
    .option('--explain', 'the whole proof: by zone, node and device, and what would make it fit')
    .addOption(outputOption())
    .addHelpText('after', after);
  addShapeOptions(plan);
  addConfigOptions(plan, isPlaceOption);
  plan.action(async (flags: PlanFlags) => {
    const config = await configOf(plan, io);
    await withAdmin(config, io, (admin) => printPlan(admin, flags, io));
  });
}

/** Prints the plan. Throws CommandError when there is none, UsageError when the flags make no sense. */
export async function printPlan(admin: Pick<Admin, 'planVolume'>, flags: PlanFlags, io: Io): Promise<void> {
  if (flags.size === undefined) {
    throw new UsageError('expected --size, such as --size 10Gi');
  }
  const plan = await admin.planVolume({ shape: shapeOf(flags), clusters: [...(flags.cluster ?? [])] });
  if (flags.output === 'json') {
    io.out(json(plan));
  } else if (flags.explain === true) {
    io.out(plan.explanation.join('\n'));
  } else if (plan.kind === 'placed') {
    io.out(planText(plan));
  }
  if (plan.kind === 'refused') {
    throw new CommandError(`it does not fit: ${plan.reason}`);
  }
}

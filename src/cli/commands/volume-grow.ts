import type { Command } from 'commander';
import type { Admin } from '../../api/admin.ts';
import type { GrowthProgressView, GrowthQuery } from '../../api/growth.ts';
import { describeSize, type Bytes } from '../../domain/quantity.ts';
import { CommandError, UsageError } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { json } from '../output/table.ts';
import { withAdmin } from './admin-of.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { isPlaceOption, outputOption } from './output-option.ts';
import { argument, volumeSize } from './shape-options.ts';

interface Flags {
  readonly size?: Bytes;
  readonly cancel?: boolean;
  readonly output: 'table' | 'json';
}

const after = `
Bricks grow where they are if their devices have room; otherwise sets are added, over which the server then spreads the
files. Asking again for the same size carries on, or is content. Volumes never shrink.

Examples:
  brickyard volume grow default/my-claim --size 20Gi
  brickyard volume grow default/my-claim --cancel`;

export function addVolumeGrowCommand(volume: Command, { io }: CommandContext): void {
  const grow = volume
    .command('grow')
    .description('Make a volume larger, or give up a growth that cannot be completed.')
    .argument('<name>', "the volume's id or gluster name, its PersistentVolume, or namespace/claim")
    .option('--size <size>', 'usable size in all, such as 20Gi', argument(volumeSize))
    .option('--cancel', 'give up what is under way; keep what has grown')
    .addOption(outputOption())
    .addHelpText('after', after);
  addConfigOptions(grow, isPlaceOption);
  grow.action(async (name: string, flags: Flags) => {
    const query = queryOf(name, flags);
    await withAdmin(await configOf(grow, io), io, (admin) => growVolume(admin, query, io, flags.output === 'json'));
  });
}

function queryOf(volume: string, { size, cancel }: Flags): GrowthQuery {
  if (size !== undefined && cancel !== true) {
    return { volume, size };
  }
  if (size === undefined && cancel === true) {
    return { volume, cancel };
  }
  throw new UsageError(`expected either --size or --cancel, got ${size === undefined ? 'neither' : 'both'}`);
}

/** Shows each step as it ends, then the volume's size. Throws CommandError when it did not come to its end. */
export async function growVolume(
  admin: Pick<Admin, 'growVolume' | 'volume'>,
  query: GrowthQuery,
  io: Pick<Io, 'out' | 'err'>,
  asJson: boolean,
): Promise<void> {
  const steps: GrowthProgressView[] = [];
  const say = asJson ? io.err : io.out;
  const tell = (progress: GrowthProgressView): void => {
    steps.push(progress);
    say(growthLine(progress));
  };
  const outcome = await admin.growVolume(query, tell, new AbortController().signal);
  const volume = await admin.volume(query.volume);
  if (asJson) {
    io.out(json({ steps, outcome, volume }));
  }
  if (outcome.kind !== 'done') {
    const goOn = outcome.kind === 'rejected' ? '' : '; run it again to carry on';
    throw new CommandError(
      `the volume has ${describeSize(volume.size)} (${outcome.kind}): ${outcome.reason ?? ''}${goOn}`,
    );
  }
  const spreading = volume.rebalance === undefined ? '' : '; its files are being spread over all its sets';
  say(`The volume has ${describeSize(volume.size)}${spreading}.`);
}

const steps: Readonly<Record<GrowthProgressView['step'], string>> = {
  record: 'recorded',
  extend: 'extended',
  bricks: 'made',
  add: 'added',
  rebalance: 'rebalance',
  undo: 'given up',
};

function growthLine({ step, what, outcome }: GrowthProgressView): string {
  // Spreading files takes its time: that it is under way is all there is to say.
  const how = outcome.kind === 'done' || step === 'rebalance' ? '' : `: ${outcome.kind}: ${outcome.reason ?? ''}`;
  return `${steps[step]}: ${what}${how}`;
}

import type { Command } from 'commander';
import type { Admin } from '../../api/admin.ts';
import { CommandError, exitCode, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { adoptText, forgetText } from '../output/recovery.ts';
import { json } from '../output/table.ts';
import { withAdmin } from './admin-of.ts';
import { agreed } from './agreed.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { watchOf } from './doctor.ts';
import { isPlaceOption, outputOption } from './output-option.ts';

const adoptAfter = `
The volume is shown among the others, with its owner unknown, and its bricks are counted where they lie on a device of
the topology. Gluster and the nodes are not changed. Brickyard never deletes a volume that it did not make. Whatever is
ambiguous is refused: a brick on a host that is no node, or one that another record names.

Example:
  brickyard volume adopt vol_3f1c9e`;

const forgetAfter = `
What stays in gluster and on the nodes is shown first, and whether somebody should look after it. A volume that gluster
still has with Brickyard's identity is forgotten with --yes-leave-it only. NAME may be the id of a record that cannot
be read.

Example:
  brickyard volume forget default/my-claim`;

interface Flags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly output: 'table' | 'json';
}

interface Wanted {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

const wantedOf = ({ dryRun, yes, output }: Flags): Wanted => ({
  dryRun: dryRun === true,
  yes: yes === true,
  json: output === 'json',
});

export function addVolumeRecoveryCommands(volume: Command, { io, endWith }: CommandContext): void {
  const adopting = volume
    .command('adopt')
    .description('Take a volume that gluster has and Brickyard does not know into the records.')
    .argument('<name>', 'what gluster calls it')
    .option('--cluster <id>', 'where it is, if there is one of that name in several clusters')
    .option('--dry-run', 'show what would be recorded and stop')
    .option('-y, --yes', 'record it without asking')
    .addOption(outputOption())
    .addHelpText('after', adoptAfter);
  addConfigOptions(adopting, isPlaceOption);
  adopting.action(async (name: string, flags: Flags & { readonly cluster?: string }) => {
    const config = await configOf(adopting, io);
    endWith(
      await withAdmin(config, io, (admin) => adopt(admin, io, { name, ...wantedOf(flags), cluster: flags.cluster })),
    );
  });

  const forgetting = volume
    .command('forget')
    .description("Remove a volume's record; gluster and its bricks stay as they are.")
    .argument('<name>', "the volume's id or gluster name, its PersistentVolume, or namespace/claim")
    .option('--dry-run', 'show what would stay behind and stop')
    .option('-y, --yes', 'forget it without asking')
    .option('--yes-leave-it', 'forget it without asking, although gluster still has it')
    .addOption(outputOption())
    .addHelpText('after', forgetAfter);
  addConfigOptions(forgetting, isPlaceOption);
  forgetting.action(async (key: string, flags: Flags & { readonly yesLeaveIt?: boolean }) => {
    const config = await configOf(forgetting, io);
    const wanted = { key, ...wantedOf(flags), leaveIt: flags.yesLeaveIt === true };
    endWith(await withAdmin(config, io, (admin) => forget(admin, io, wanted)));
  });
}

export async function adopt(
  { recovery }: Pick<Admin, 'recovery'>,
  io: Io,
  { name, cluster, ...wanted }: Wanted & { readonly name: string; readonly cluster: string | undefined },
): Promise<ExitCode> {
  const query = { name, cluster };
  const shown = await recovery.adopt({ ...query, dryRun: true }, watchOf(io));
  if (wanted.dryRun) {
    io.out(wanted.json ? json(shown) : adoptText(shown));
    return exitCode.done;
  }
  io.err(adoptText(shown));
  if (!wanted.yes && !(await agreed(io, 'Record it?'))) {
    io.err('Nothing was changed.');
    return exitCode.failed;
  }
  const adopted = await recovery.adopt({ ...query, dryRun: false }, watchOf(io));
  io.out(wanted.json ? json(adopted) : `Volume ${adopted.name} is recorded as ${adopted.id}.`);
  return exitCode.done;
}

export async function forget(
  { recovery }: Pick<Admin, 'recovery'>,
  io: Io,
  { key, leaveIt, ...wanted }: Wanted & { readonly key: string; readonly leaveIt: boolean },
): Promise<ExitCode> {
  const shown = await recovery.forget({ key, dryRun: true, leaveIt }, watchOf(io));
  if (wanted.dryRun) {
    io.out(wanted.json ? json(shown) : forgetText(shown));
    return exitCode.done;
  }
  io.err(forgetText(shown));
  if (!leaveIt && (shown.gluster === 'ours' || shown.gluster === 'unknown')) {
    throw new CommandError('nothing was changed: to leave the volume there all the same, add --yes-leave-it');
  }
  if (!wanted.yes && !leaveIt && !(await agreed(io, 'Forget it?'))) {
    io.err('Nothing was changed.');
    return exitCode.failed;
  }
  const forgotten = await recovery.forget({ key, dryRun: false, leaveIt }, watchOf(io));
  io.out(wanted.json ? json(forgotten) : `Volume ${forgotten.name ?? forgotten.id} is forgotten.`);
  return exitCode.done;
}

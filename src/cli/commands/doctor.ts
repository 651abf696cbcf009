import type { Command } from 'commander';
import type { Admin } from '../../api/admin.ts';
import type { Watch } from '../../api/recovery.ts';
import { exitCode, UsageError, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { isAmiss, rebuildText, surveyText } from '../output/recovery.ts';
import { json } from '../output/table.ts';
import { withAdmin } from './admin-of.ts';
import { agreed } from './agreed.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { isPlaceOption, outputOption } from './output-option.ts';
import { loadTopology, readTopologyFile } from './topology-load.ts';

const after = `
Without --rebuild it only looks: at every record, every volume in gluster (one by one) and every device. What does not
answer is named, and nothing on it is reported as missing. Exit code 0: they agree; 1: something needs somebody.

--rebuild writes the records that are missing of volumes that Brickyard made, from what gluster and the nodes say: after
the store was lost, all of them. The topology must be loaded first, or be given with --topology. Records that stand are
not touched, and nothing is changed in gluster or on a node. Exit code 1: a volume got no record, or not everything
could be seen.

Examples:
  brickyard doctor
  brickyard doctor --rebuild --dry-run
  brickyard doctor --rebuild --topology topology.json --yes

docs/recovery.md says what to do when.`;

interface Flags {
  readonly rebuild?: boolean;
  readonly dryRun?: boolean;
  readonly topology?: string;
  readonly yes?: boolean;
  readonly output: 'table' | 'json';
}

export interface RebuildOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export function addDoctorCommand(program: Command, { io, endWith }: CommandContext): void {
  const command = program
    .command('doctor')
    .description('Compare the records with gluster and with the storage nodes; write lost records again.')
    .option('--rebuild', 'write the records that are missing')
    .option('--dry-run', 'with --rebuild: show what would be written and stop')
    .option('--topology <file>', 'with --rebuild: load this topology file first; - reads standard input')
    .option('-y, --yes', 'with --rebuild: write without asking')
    .addOption(outputOption())
    .addHelpText('after', after);
  addConfigOptions(command, isPlaceOption);
  command.action(async (flags: Flags) => {
    check(flags);
    const config = await configOf(command, io);
    const wanted = { dryRun: flags.dryRun === true, yes: flags.yes === true, json: flags.output === 'json' };
    if (flags.rebuild !== true) {
      endWith(await withAdmin(config, io, (admin) => survey(admin, io, wanted.json)));
      return;
    }
    const document = flags.topology === undefined ? undefined : await readTopologyFile(flags.topology);
    // A store that was lost is not there.
    const create = !wanted.dryRun;
    endWith(
      await withAdmin(
        config,
        io,
        async (admin) => {
          const loaded =
            document === undefined
              ? exitCode.done
              : await loadTopology(admin, document, quietly(io, wanted.json), { ...wanted, json: false });
          return loaded === exitCode.done ? rebuild(admin, io, wanted) : loaded;
        },
        { create },
      ),
    );
  });
}

function check({ rebuild, dryRun, topology, yes }: Flags): void {
  const given = Object.entries({ '--dry-run': dryRun, '--topology': topology, '--yes': yes });
  const [first] = given.filter(([, value]) => value !== undefined).map(([flag]) => flag);
  if (rebuild !== true && first !== undefined) {
    throw new UsageError(`expected --rebuild beside ${first}: without it, doctor only looks`);
  }
  if (topology !== undefined && dryRun === true) {
    throw new UsageError(
      'expected --dry-run or --topology, not both: a topology is loaded before anything can be seen',
    );
  }
}

/** Results of the part before go where they do not mix with the JSON of the result. */
const quietly = (io: Io, json: boolean): Io => (json ? { ...io, out: io.err } : io);

export async function survey(admin: Pick<Admin, 'recovery'>, io: Io, asJson: boolean): Promise<ExitCode> {
  const view = await admin.recovery.survey(watchOf(io));
  io.out(asJson ? json(view) : surveyText(view));
  const amiss = view.findings.filter(isAmiss).length;
  if (amiss === 0) {
    return exitCode.done;
  }
  io.err(`${amiss} finding(s) need somebody.`);
  return exitCode.failed;
}

/** Shows what is missing, asks, writes it. */
export async function rebuild(admin: Pick<Admin, 'recovery'>, io: Io, options: RebuildOptions): Promise<ExitCode> {
  const { dryRun, yes } = options;
  const show = (view: Parameters<typeof rebuildText>[0]): void => io.out(options.json ? json(view) : rebuildText(view));
  let view = await admin.recovery.rebuild({ dryRun: true }, watchOf(io));
  if (!dryRun && view.volumes.length > 0) {
    if (!yes) {
      // The result comes later, so this is only something to say yes or no to.
      io.err(rebuildText(view));
      if (!(await agreed(io, `Write ${view.volumes.length} record(s)?`))) {
        io.err('Nothing was changed.');
        return exitCode.failed;
      }
    }
    view = await admin.recovery.rebuild({ dryRun: false }, watchOf(io));
  }
  show(view);
  const blind = view.findings.filter(({ finding }) => finding.kind !== 'brick-leftover').length;
  if (view.leftAlone.length === 0 && blind === 0) {
    return exitCode.done;
  }
  io.err(`${view.leftAlone.length} volume(s) got no record; ${blind} thing(s) could not be looked at.`);
  return exitCode.failed;
}

/** A line now and then. */
const linesEvery = 500;

export function watchOf(io: Io): Watch {
  return {
    signal: new AbortController().signal,
    onProgress: ({ looked, total }) => {
      if (looked % linesEvery === 0) {
        io.err(`looked at ${looked} of ${total}`);
      }
    },
  };
}

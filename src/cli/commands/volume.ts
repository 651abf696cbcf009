import type { Command } from 'commander';
import { volumeDetails, volumeTable } from '../output/volumes.ts';
import { json } from '../output/table.ts';
import type { CommandContext } from './context.ts';
import { withAdmin } from './admin-of.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import { isPlaceOption, outputOption } from './output-option.ts';
import { addVolumeGrowCommand } from './volume-grow.ts';
import { addVolumePlanCommand } from './volume-plan.ts';
import { addVolumeRecoveryCommands } from './volume-recovery.ts';

interface Options {
  readonly output: 'table' | 'json';
}

export function addVolumeCommand(program: Command, context: CommandContext): void {
  const { io } = context;
  const volume = program
    .command('volume')
    .description('Show volumes, and where a new one would go; put records right.')
    .addHelpText(
      'after',
      '\nExamples:\n  brickyard volume list\n  brickyard volume info default/my-claim -o json\n  brickyard volume plan --size 100Gi --explain',
    );

  const list = volume.command('list').description('List all volumes with their claims.').addOption(outputOption());
  addConfigOptions(list, isPlaceOption);
  list.action(async ({ output }: Options) => {
    const volumes = await withAdmin(await configOf(list, io), io, (admin) => admin.volumes());
    io.out(output === 'json' ? json(volumes) : volumeTable(volumes));
  });

  const info = volume
    .command('info')
    .description('Show one volume and where its bricks are.')
    .argument('<name>', "the volume's id or gluster name, its PersistentVolume, or namespace/claim")
    .addOption(outputOption());
  addConfigOptions(info, isPlaceOption);
  info.action(async (name: string, { output }: Options) => {
    const found = await withAdmin(await configOf(info, io), io, (admin) => admin.volume(name));
    io.out(output === 'json' ? json(found) : volumeDetails(found));
  });

  addVolumeGrowCommand(volume, context);
  addVolumePlanCommand(volume, context);
  addVolumeRecoveryCommands(volume, context);
}

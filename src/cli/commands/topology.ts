import type { Command } from 'commander';
import { json } from '../output/table.ts';
import { topologyTable } from '../output/topology.ts';
import type { CommandContext } from './context.ts';
import { withAdmin } from './admin-of.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import { isPlaceOption, outputOption } from './output-option.ts';
import { addSetStateCommand } from './set-state.ts';
import { loadTopology, readTopologyFile } from './topology-load.ts';

const after = `
Examples:
  brickyard topology
  brickyard topology -o json
  brickyard topology load topology.json --dry-run
  brickyard topology load topology.json --yes
  brickyard topology set-state node-a1 offline`;

const loadAfter = `
FILE has heketi's format, as JSON or YAML (docs/cli.md). Loading it twice changes nothing the second time. Nodes and
devices that are no longer in it are dropped only when they are empty; otherwise the whole load is refused.`;

export function addTopologyCommand(program: Command, context: CommandContext): void {
  const { io, endWith } = context;
  const topology = program
    .command('topology')
    .description('Show clusters, zones, nodes and devices, with what they hold; or load them from a file.')
    .addOption(outputOption())
    // "topology load" has the same options, and what stands behind "load" is meant for it.
    .enablePositionalOptions()
    .addHelpText('after', after);
  addConfigOptions(topology, isPlaceOption);
  topology.action(async ({ output }: { readonly output: string }) => {
    const view = await withAdmin(await configOf(topology, io), io, (admin) => admin.topology());
    io.out(output === 'json' ? json(view) : topologyTable(view));
  });

  const load = topology
    .command('load')
    .description('Make the topology what FILE says: show the difference, then apply it.')
    .argument('<file>', 'topology file; - reads standard input')
    .option('--dry-run', 'show the difference and stop')
    .option('-y, --yes', 'apply it without asking')
    .addOption(outputOption())
    .addHelpText('after', loadAfter);
  addConfigOptions(load, isPlaceOption);
  load.action(
    async (file: string, options: { readonly dryRun?: boolean; readonly yes?: boolean; readonly output: string }) => {
      const config = await configOf(load, io);
      const document = await readTopologyFile(file);
      const wanted = { dryRun: options.dryRun === true, yes: options.yes === true, json: options.output === 'json' };
      // Also before the first start: without a topology every claim would wait.
      const create = !wanted.dryRun;
      endWith(await withAdmin(config, io, (admin) => loadTopology(admin, document, io, wanted), { create }));
    },
  );
  addSetStateCommand(topology, context);
}

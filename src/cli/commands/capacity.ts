import type { Command } from 'commander';
import type { Admin } from '../../api/admin.ts';
import { clusterId, nodeId, type ClusterId, type NodeId } from '../../domain/names.ts';
import { usualShape } from '../../domain/volume-shape.ts';
import type { Io } from '../io.ts';
import { capacityText } from '../output/capacity.ts';
import { json } from '../output/table.ts';
import { withAdmin } from './admin-of.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { isPlaceOption, outputOption } from './output-option.ts';
import { addShapeOptions, argument, asksForShape, shapeOf, type ShapeFlags } from './shape-options.ts';

interface CapacityFlags extends ShapeFlags {
  readonly cluster?: ClusterId;
  readonly without?: NodeId;
  readonly output: 'table' | 'json';
}

const after = `
Nothing is changed. Counted are volumes of 10 GiB with 3 copies, and beside them those that the options describe. The
numbers are what placement really finds room for, one volume after another, up to 10,000 of them.

--without NODE supposes that the node is gone for good: which volumes would be degraded (a copy less) or lost (no whole
copy left), how many of its bricks would find another place, and how many more volumes would fit then.

Examples:
  brickyard capacity
  brickyard capacity --size 100Gi --disperse 4+2
  brickyard capacity --without node-a1 -o json`;

export function addCapacityCommand(program: Command, { io }: CommandContext): void {
  const capacity = program
    .command('capacity')
    .description('Show how full the clusters are, how many more volumes fit, and what the loss of a node would mean.')
    .option(
      '--cluster <id>',
      'only this cluster',
      argument((text) => clusterId(text)),
    )
    .option(
      '--without <node>',
      'suppose that this node is lost',
      argument((text) => nodeId(text)),
    )
    .addOption(outputOption())
    .addHelpText('after', after);
  addShapeOptions(capacity);
  addConfigOptions(capacity, isPlaceOption);
  capacity.action(async (flags: CapacityFlags) => {
    const config = await configOf(capacity, io);
    await withAdmin(config, io, (admin) => printCapacity(admin, flags, io));
  });
}

export async function printCapacity(admin: Pick<Admin, 'capacity'>, flags: CapacityFlags, io: Io): Promise<void> {
  const { cluster, without } = flags;
  const view = await admin.capacity({
    shapes: [usualShape, ...(asksForShape(flags) ? [shapeOf(flags)] : [])],
    ...(cluster === undefined ? {} : { cluster }),
    ...(without === undefined ? {} : { without }),
  });
  io.out(flags.output === 'json' ? json(view) : capacityText(view));
}

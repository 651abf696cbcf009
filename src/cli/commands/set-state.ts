import { Argument, type Command } from 'commander';
import type { Admin } from '../../api/admin.ts';
import type { StateView } from '../../api/placement-state.ts';
import { deviceName, NameError, nodeId } from '../../domain/names.ts';
import { placementState, type PlacementState } from '../../domain/topology.ts';
import { UsageError } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { json } from '../output/table.ts';
import { withAdmin } from './admin-of.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { isPlaceOption, outputOption } from './output-option.ts';

const after = `
online   new bricks may go there.
offline  no new bricks, for now. Nothing else changes: what is there goes on serving, and can be deleted.
failed   no new bricks, and refusals do not suggest to bring it back. In this version nothing more: no brick is moved
         away or made anew elsewhere, so that what is there has as many copies as it had.

The state lasts over restarts and over "topology load". A state can be set again any number of times.

Examples:
  brickyard topology set-state node-a1 offline
  brickyard topology set-state node-a1:/dev/vdb failed`;

export function addSetStateCommand(topology: Command, { io }: CommandContext): void {
  const command = topology
    .command('set-state')
    .description('Say whether new bricks may go to a node or to one of its devices.')
    .argument('<target>', 'NODE or NODE:DEVICE')
    .addArgument(new Argument('<state>', 'what it is to be').choices(placementState.options))
    .addOption(outputOption())
    .addHelpText('after', after);
  addConfigOptions(command, isPlaceOption);
  command.action(async (target: string, state: PlacementState, { output }: { readonly output: 'table' | 'json' }) => {
    const config = await configOf(command, io);
    await withAdmin(config, io, (admin) => setState(admin, target, state, output, io));
  });
}

/** Throws UsageError when the target is no name at all, CommandError (by `withAdmin`) when there is no such thing. */
export async function setState(
  admin: Pick<Admin, 'setState'>,
  target: string,
  state: PlacementState,
  output: 'table' | 'json',
  io: Io,
): Promise<void> {
  const view = await admin.setState({ ...targetOf(target), state });
  io.out(output === 'json' ? json(view) : stateText(view));
}

function targetOf(text: string): Pick<Parameters<Admin['setState']>[0], 'node' | 'device'> {
  // A node's name has no colon; a device's may.
  const colon = text.indexOf(':');
  try {
    return colon < 0
      ? { node: nodeId(text) }
      : { node: nodeId(text.slice(0, colon)), device: deviceName(text.slice(colon + 1)) };
  } catch (error) {
    if (error instanceof NameError) {
      throw new UsageError(error.message, { cause: error });
    }
    throw error;
  }
}

function stateText({ node, device, state, before, changed, bricks }: StateView): string {
  const what = device === undefined ? `node ${node}` : `device ${device} of node ${node}`;
  const first = changed ? `${what} is ${state} now (was ${before}).` : `${what} is ${state} already.`;
  return `${first} ${meaning(state, bricks)}`;
}

function meaning(state: PlacementState, bricks: number): string {
  switch (state) {
    case 'online':
      return 'New bricks may go there.';
    case 'offline':
      return `No new bricks go there; the ${bricks} brick(s) that are there stay in use.`;
    case 'failed':
      return (
        `No new bricks go there. The ${bricks} brick(s) that are there stay where they are: ` +
        'this version does not make them anew elsewhere.'
      );
  }
}

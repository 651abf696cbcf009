import { InvalidArgumentError, type Command } from 'commander';
import type { z } from 'zod';
import type { Admin } from '../../api/admin.ts';
import { newNodeQuery, nodeQuery, type NewNodeQuery } from '../../api/nodes.ts';
import type { ProgressView } from '../../api/topology-plan.ts';
import { describeIssues } from '../../domain/schema.ts';
import { UsageError, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { nodesText } from '../output/nodes.ts';
import { json } from '../output/table.ts';
import { withAdmin } from './admin-of.ts';
import { applyPlanned, type ApplyOptions } from './apply-plan.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { isPlaceOption, outputOption } from './output-option.ts';

const addAfter = `
Probes the peer, prepares the devices and records the node: what "topology load" does for each node of a file. A second
run carries on with what could not be done, and adds devices and tags that are new; all else about a node that is
recorded already is changed by loading a topology.

Examples:
  brickyard node add node-a1 --zone a --storage 10.20.1.1 --device /dev/vdb --device /dev/vdc
  brickyard node add node-a1 --wipe /dev/vdc --serial /dev/vdc=QM00001`;

const removeAfter = `
Refused while the node holds bricks, with their volumes named. Detaches it from the trusted pool, for which the node has
to answer, then forgets it. What is on its devices stays. docs/nodes.md says how to be rid of a node that is dead.`;

const listAfter = `
STATE of a node: up; suspect: it has missed a look or two; down: it has missed three in a row. What is amiss stands
below the table, with what to do about it (docs/nodes.md).`;

interface ApplyFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly output: 'table' | 'json';
}

/** What the options of `node add` parse to. */
export interface AddFlags extends ApplyFlags {
  readonly cluster?: string;
  readonly zone?: string;
  readonly manage?: string;
  readonly storage?: string;
  readonly device?: readonly string[];
  readonly wipe?: readonly string[];
  readonly serial?: ReadonlyMap<string, string>;
  readonly tag?: ReadonlyMap<string, string>;
}

/** The commands about storage nodes. */
export function addNodeCommands(node: Command, context: CommandContext): void {
  addList(node, context);
  addAdd(node, context);
  addRemove(node, context);
}

function addList(node: Command, { io }: CommandContext): void {
  const command = node
    .command('list')
    .description('Show nodes and devices with their state, what is amiss, sizes and bricks.')
    .addOption(outputOption())
    .addHelpText('after', listAfter);
  addConfigOptions(command, isPlaceOption);
  command.action(async ({ output }: Pick<ApplyFlags, 'output'>) => {
    const nodes = await withAdmin(await configOf(command, io), io, (admin) => admin.nodes.list());
    io.out(output === 'json' ? json(nodes) : nodesText(nodes));
  });
}

function addAdd(node: Command, { io, endWith }: CommandContext): void {
  const command = node
    .command('add')
    .description('Make a machine a storage node, or give one more devices.')
    .argument('<name>', 'what Brickyard calls the node')
    .option('--cluster <id>', 'the trusted pool that it joins. Default: the only one, or "default" where there is none')
    .option('--zone <zone>', 'its failure domain; a new node needs one')
    .option('--manage <host>', 'host that commands for it go to. Default: the name')
    .option('--storage <host>', 'what gluster peers and clients call it, for good. Default: as --manage')
    .option('--device <path>', 'disk or folder for bricks; may be repeated', gathered)
    .option('--wipe <path>', 'as --device, and whatever is on it may be destroyed; may be repeated', gathered)
    .option('--serial <path=serial>', 'serial number that this device must have; may be repeated', paired)
    .option('--tag <key=value>', 'label for placement rules; may be repeated', paired);
  addApplyOptions(command, addAfter);
  command.action(async (name: string, flags: AddFlags) => {
    const query = queryOf(name, flags);
    const config = await configOf(command, io);
    // Also before the first start: without a node every claim would wait.
    const create = flags.dryRun !== true;
    endWith(await withAdmin(config, io, (admin) => addNode(admin, query, io, applyOptions(flags)), { create }));
  });
}

function addRemove(node: Command, { io, endWith }: CommandContext): void {
  const command = node
    .command('remove')
    .description('Let a node that holds no bricks go.')
    .argument('<name>', 'what Brickyard calls the node');
  addApplyOptions(command, removeAfter);
  command.action(async (name: string, flags: ApplyFlags) => {
    const query = checked(nodeQuery, { node: name });
    const config = await configOf(command, io);
    endWith(await withAdmin(config, io, (admin) => removeNode(admin, query, io, applyOptions(flags))));
  });
}

/** As applyPlanned. */
export function addNode(
  { nodes }: Pick<Admin, 'nodes'>,
  query: NewNodeQuery,
  io: Io,
  options: ApplyOptions,
): Promise<ExitCode> {
  const change = {
    plan: () => nodes.planAdd(query),
    apply: (onProgress: (progress: ProgressView) => void, signal: AbortSignal) => nodes.add(query, onProgress, signal),
    who: 'this',
    done: `Node ${query.node} is in use.`,
  };
  return applyPlanned(change, io, options);
}

/** As applyPlanned. */
export function removeNode(
  { nodes }: Pick<Admin, 'nodes'>,
  query: Parameters<Admin['nodes']['remove']>[0],
  io: Io,
  options: ApplyOptions,
): Promise<ExitCode> {
  const change = {
    plan: () => nodes.planRemove(query),
    apply: (onProgress: (progress: ProgressView) => void, signal: AbortSignal) =>
      nodes.remove(query, onProgress, signal),
    who: 'this',
    done: `Node ${query.node} is gone.`,
  };
  return applyPlanned(change, io, options);
}

function addApplyOptions(command: Command, after: string): void {
  command
    .option('--dry-run', 'show what would change and stop')
    .option('-y, --yes', 'do it without asking')
    .addOption(outputOption())
    .addHelpText('after', after);
  addConfigOptions(command, isPlaceOption);
}

const applyOptions = ({ dryRun, yes, output }: ApplyFlags): ApplyOptions => ({
  dryRun: dryRun === true,
  yes: yes === true,
  json: output === 'json',
});

/** Throws UsageError for what makes no sense as it is written. */
export function queryOf(node: string, flags: AddFlags): NewNodeQuery {
  const { cluster, zone, manage, storage, device = [], wipe = [], serial, tag } = flags;
  const names = [...new Set([...device, ...wipe])];
  const stray = [...(serial?.keys() ?? [])].find((name) => !names.includes(name));
  if (stray !== undefined) {
    throw new UsageError(`--serial: expected a device that --device or --wipe names, got ${stray}`);
  }
  const devices = names.map((name) => ({ name, wipe: wipe.includes(name), serial: serial?.get(name) }));
  return checked(newNodeQuery, { node, cluster, zone, manage, storage, tags: Object.fromEntries(tag ?? []), devices });
}

function checked<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    throw new UsageError(describeIssues(parsed.error));
  }
  return parsed.data;
}

const gathered = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text];

function paired(text: string, before: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
  // A path may hold an equals sign, a serial number and a tag's value may not.
  const equals = text.lastIndexOf('=');
  if (equals <= 0) {
    throw new InvalidArgumentError(`expected two names with an equals sign between them, got ${JSON.stringify(text)}`);
  }
  return new Map([...(before ?? []), [text.slice(0, equals), text.slice(equals + 1)]]);
}

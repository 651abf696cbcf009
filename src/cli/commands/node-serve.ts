/** `brickyard node serve` and `brickyard node probe`. What they run is loaded when they run. */
import { Option, type Command } from 'commander';
import type { ConfigField } from '../config/fields.ts';
import { didYouMean } from '../config/suggest.ts';
import { CommandError, UsageError } from '../exit-codes.ts';
import { loadNodeConfig, loadProbeConfig, nodeFields, probeFields } from '../node/config.ts';
import type { CommandContext } from './context.ts';

const serveAfter = `
It makes itself known to the kubelet, mounts gluster volumes for pods and unmounts them (docs/node-plugin.md). Mounts
outlive it: it can be stopped, killed and replaced at any time. "brickyard node" alone means the same.

A setting can also stand in a BRICKYARD_NODE_ variable; a flag wins over it.

Examples:
  brickyard node serve --name worker-1 --prefix "nsenter --target 1 --mount --ipc --"
  brickyard node serve --name worker-1 --kubeconfig ~/.kube/config --kubelet-dir /tmp/kubelet

Signals: the first SIGTERM or SIGINT lets what runs finish (--shutdown-grace), a second one aborts it, a third one
ends the process at once.`;

const probeAfter = `
For the liveness and readiness probes of a DaemonSet: exit code 0 when the plugin answers on its socket, 1 when not.
With --ready also 1 while it starts or stops.`;

/** Names that may follow `brickyard node`. */
const siblings = ['serve', 'probe', 'list', 'add', 'remove'];

export function addNodeServe(node: Command, { io, endWith }: CommandContext): void {
  const command = node
    .command('serve', { isDefault: true })
    .description('Run the CSI plugin of one Kubernetes node until told to stop.')
    // As the default it also gets what is no command at all.
    .allowExcessArguments()
    .addHelpText('after', serveAfter);
  addFields(command, nodeFields);
  command.action(async () => {
    const [word] = command.args;
    if (word !== undefined) {
      throw new UsageError(`node: expected a command, got ${JSON.stringify(word)}${didYouMean(word, siblings)}`);
    }
    const config = loadNodeConfig(given(command), io.environment);
    const { runNode } = await import('../node/run.ts');
    endWith(await runNode(config));
  });
}

export function addNodeProbe(node: Command, { io }: CommandContext): void {
  const command = node
    .command('probe')
    .description('Ask the CSI plugin of this node, over its socket, how it is.')
    .option('--ready', 'it must also be ready')
    .addHelpText('after', probeAfter);
  addFields(command, probeFields);
  command.action(async ({ ready: wantsReady }: { readonly ready?: true }) => {
    const { csiSocket, timeout } = loadProbeConfig(given(command), io.environment);
    const [{ probe }, { systemClock }] = await Promise.all([
      import('../../csi/probe.ts'),
      import('../system-clock.ts'),
    ]);
    let ready: boolean;
    try {
      ready = await probe(csiSocket, systemClock.now() + timeout);
    } catch (error) {
      throw error instanceof Error ? new CommandError(error.message, { cause: error }) : error;
    }
    if (wantsReady === true && !ready) {
      throw new CommandError(`${csiSocket}: alive, but not ready`);
    }
    io.out(ready ? 'ready' : 'alive, but not ready');
  });
}

function addFields(command: Command, fields: readonly ConfigField[]): void {
  for (const { flag, description, fallback } of fields) {
    const text = fallback === undefined || fallback === '' ? description : `${description} Default: ${fallback}.`;
    command.addOption(new Option(`${flag} <value>`, text));
  }
}

/** Values by flag. */
function given(command: Command): ReadonlyMap<string, string> {
  return new Map(
    command.options.flatMap((option): [string, string][] => {
      const value: unknown = command.getOptionValue(option.attributeName());
      return typeof option.long === 'string' && typeof value === 'string' ? [[option.long, value]] : [];
    }),
  );
}

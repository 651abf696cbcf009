import { Option, InvalidArgumentError, type Command } from 'commander';
import type { SandboxFlags } from '../sandbox/flags.ts';
import type { CommandContext } from './context.ts';
import { whole } from './whole.ts';

const after = `
It starts a Kubernetes API (no kubelets: pods do not run), simulated storage nodes and the controller, all in this
process and on the loopback interface only; it then makes claims, and shows where each replica landed.

Examples:
  brickyard sandbox                       stay until Ctrl-C; use kubectl with the kubeconfig that it prints
  brickyard sandbox --once                check that every claim is bound, clean up, exit
  brickyard sandbox --zones 2 --claims 8`;

function version(text: string): string {
  if (!/^v?\d+\.\d+(?:\.\d+)?$/.test(text)) {
    throw new InvalidArgumentError(`expected a version such as 1.25 or v1.32.0, got "${text}"`);
  }
  return text;
}

export function addSandboxCommand(program: Command, { io, endWith }: CommandContext): void {
  program
    .command('sandbox')
    .description('Try it all on this machine alone: Kubernetes API, storage nodes and controller in one process.')
    .option('--once', 'check that every claim gets bound, clean up and exit', false)
    .option('--claims <number>', 'claims to make', whole(0, 10_000), 4)
    .option('--wait <seconds>', 'how long all claims together may take to get bound', whole(1, 3600), 30)
    .option('--port <number>', 'port of the Kubernetes API; 0 takes any free one', whole(0, 65_535), 0)
    .option('--kubeconfig <file>', 'where to write the kubeconfig. Default: in the state folder')
    .option('--state-dir <folder>', 'folder for state file and admin socket. Default: a new one, removed at the end')
    .option('--server-version <version>', 'Kubernetes version that the API claims to be, such as 1.25', version)
    .option('--zones <number>', 'zones of the simulated topology', whole(1, 100), 3)
    .option('--nodes <number>', 'nodes a zone', whole(1, 100), 2)
    .option('--devices <number>', 'devices a node', whole(1, 100), 2)
    .option('--device-size <GiB>', 'size of each device in GiB', whole(1, 1_000_000), 100)
    .option('--topology <file>', 'topology file to simulate, instead of zones, nodes and devices')
    .addOption(
      new Option('--log-level <level>', 'least severe messages of the controller to show')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('warn'),
    )
    .addHelpText('after', after)
    .action(async (flags: SandboxFlags) => {
      const { runSandbox } = await import('../sandbox/run.ts');
      endWith(await runSandbox(flags, io));
    });
}

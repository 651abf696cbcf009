import { Command } from 'commander';
import type { CommandContext } from './commands/context.ts';
import type { Io } from './io.ts';
import { brickyardVersion } from './version.ts';

const about = `Brickyard makes replicated GlusterFS volumes for Kubernetes claims.

To see it work on this machine alone:    brickyard sandbox
To run it for a Kubernetes cluster:      brickyard serve`;

const after = `
Exit codes:
  0  done
  1  it could not be done; the last line on stderr says why
  2  wrong usage or configuration; nothing was started

Every setting is described in docs/configuration.md.`;

type AddCommand = (program: Command, context: CommandContext, words: readonly string[]) => void | Promise<void>;

/** Each command by its name, in the order of the help, loaded when it is needed. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  serve: async () => (await import('./commands/serve.ts')).addServeCommand,
  sandbox: async () => (await import('./commands/sandbox.ts')).addSandboxCommand,
  topology: async () => (await import('./commands/topology.ts')).addTopologyCommand,
  node: async () => (await import('./commands/node-group.ts')).addNodeGroup,
  volume: async () => (await import('./commands/volume.ts')).addVolumeCommand,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
  legacy: async () => (await import('./commands/legacy.ts')).addLegacyCommand,
  lint: async () => (await import('./commands/lint.ts')).addLintCommand,
  capacity: async () => (await import('./commands/capacity.ts')).addCapacityCommand,
  agent: async () => (await import('./commands/agent.ts')).addAgentCommand,
  certs: async () => (await import('./commands/certs.ts')).addCertsCommand,
};

/**
 * The command line, for these words. When the first one names a command, that is all that is loaded: a process keeps for
 * good what it has once loaded.
 */
export async function buildProgram(
  io: Io,
  endWith: CommandContext['endWith'],
  [first = '', ...words]: readonly string[],
): Promise<Command> {
  const program = new Command('brickyard')
    .description(about)
    .version(brickyardVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError(false)
    // An option belongs to the command that it stands behind: "topology" and "topology load" share some.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.replace(/\n$/, '')),
      writeErr: (text) => io.err(text.replace(/\n$/, '')),
      outputError: (text, write) => write(oneLine(text)),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .addHelpText('after', after);
  const named = Object.hasOwn(commands, first) ? [commands[first]] : Object.values(commands);
  for (const load of named) {
    const add = await load?.();
    await add?.(program, { io, endWith }, words);
  }
  return program;
}

/** Commander puts its suggestion on a second line; a mistake is one line here. */
function oneLine(text: string): string {
  const joined = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `brickyard: ${joined}; see brickyard --help\n`;
}

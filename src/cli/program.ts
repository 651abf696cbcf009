import { Command } from 'commander';
import { addAgentCommand } from './commands/agent.ts';
import { addCapacityCommand } from './commands/capacity.ts';
import { addCertsCommand } from './commands/certs.ts';
import type { CommandContext } from './commands/context.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addLegacyCommand } from './commands/legacy.ts';
import { addLintCommand } from './commands/lint.ts';
import { addNodeCommand } from './commands/node.ts';
import { addSandboxCommand } from './commands/sandbox.ts';
import { addServeCommand } from './commands/serve.ts';
import { addTopologyCommand } from './commands/topology.ts';
import { addVolumeCommand } from './commands/volume.ts';
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

/** The whole command line. */
export function buildProgram(io: Io, endWith: CommandContext['endWith']): Command {
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
  const context: CommandContext = { io, endWith };
  addServeCommand(program, context);
  addSandboxCommand(program, context);
  addTopologyCommand(program, context);
  addNodeCommand(program, context);
  addVolumeCommand(program, context);
  addDoctorCommand(program, context);
  addLegacyCommand(program, context);
  addLintCommand(program, context);
  addCapacityCommand(program, context);
  addAgentCommand(program, context);
  addCertsCommand(program, context);
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

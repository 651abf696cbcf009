import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { addConfigOptions, configOf } from './config-options.ts';

const after = `
Every setting can also stand in the file (--config) or in the environment; a flag wins over the
environment, the environment over the file. The whole is checked before anything starts.

Examples:
  brickyard serve --kubeconfig ~/.kube/config --state-dir ./state --leader-election-enabled false
  brickyard serve --config /etc/brickyard/config.yaml --log-level debug

Signals: the first SIGTERM or SIGINT lets running steps finish (--shutdown-grace), a second one aborts
them, a third one ends the process at once. Whatever is cut off is carried on by the next start.`;

export function addServeCommand(program: Command, { io, endWith }: CommandContext): void {
  const command = program
    .command('serve')
    .description('Run the controller: turn claims into bound volumes until told to stop.')
    .addHelpText('after', after);
  addConfigOptions(command);
  command.action(async () => {
    const config = await configOf(command, io);
    const { serve } = await import('../serve/serve.ts');
    endWith(await serve(config));
  });
}

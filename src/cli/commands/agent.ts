import { Option, type Command } from 'commander';
import { agentFields, loadAgentConfig } from '../agent/config.ts';
import type { CommandContext } from './context.ts';

const after = `
It does what the controller asks of this node, over mutual TLS: the controller must show a certificate with DNS name
controller.brickyard, and the agent shows one with NODE.agent.brickyard, both from --cert-dir ("brickyard certs" makes
them). Only devices that are named here are ever touched. At start it mounts the bricks of those devices.

A setting can also stand in a YAML file (--config) or in BRICKYARD_AGENT_ variables; a flag wins over the environment,
the environment over the file.

Examples:
  brickyard agent --node node-a --device /dev/vdb --device /dev/vdc
  brickyard agent --node node-a --device /srv/bricks --listen 127.0.0.1:24017 --cert-dir certs/nodes/node-a

Signals: the first SIGTERM or SIGINT lets what runs finish (--shutdown-grace), a second one aborts it, a third one
ends the process at once. Verbs that are cut off are carried on when they are asked for again.`;

const configFile = '--config';

export function addAgentCommand(program: Command, { io, endWith }: CommandContext): void {
  const command = program
    .command('agent')
    .description('Run the agent of one storage node: do there what the controller asks for, until told to stop.')
    .addOption(new Option(`${configFile} <file>`, 'YAML file with settings. Default: BRICKYARD_AGENT_CONFIG, if set.'))
    .addHelpText('after', after);
  for (const { flag, path, description, fallback } of agentFields) {
    const text = fallback === undefined || fallback === '' ? description : `${description} Default: ${fallback}.`;
    const option = new Option(`${flag} <value>`, path[0] === 'devices' ? `${text} May be given several times.` : text);
    // Joined as the environment has them.
    const joined = (value: string, before: string | undefined): string =>
      before === undefined ? value : `${before},${value}`;
    command.addOption(path[0] === 'devices' ? option.argParser(joined) : option);
  }
  command.action(async () => {
    const given = new Map<string, string>();
    for (const option of command.options) {
      const value: unknown = command.getOptionValue(option.attributeName());
      if (typeof option.long === 'string' && typeof value === 'string') {
        given.set(option.long, value);
      }
    }
    const config = await loadAgentConfig(given, io.environment, given.get(configFile));
    const { runAgent } = await import('../agent/run.ts');
    endWith(await runAgent(config));
  });
}

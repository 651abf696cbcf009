import { Option, type Command } from 'commander';
import { nodeId, type NodeId } from '../../domain/names.ts';
import type { CertsFlags } from '../agent/certs.ts';
import type { CommandContext } from './context.ts';
import { argument } from './shape-options.ts';
import { outputOption } from './output-option.ts';
import { whole } from './whole.ts';

const after = `
The folder holds ca/ (the authority), controller/ and nodes/NODE/, each with tls.crt, tls.key and ca.crt as a Secret of
type kubernetes.io/tls has them. Copy nodes/NODE to that node as its --cert-dir, and give controller/ to the controller.
The key in ca/ belongs on neither.`;

export function addCertsCommand(program: Command, context: CommandContext): void {
  const certs = program
    .command('certs')
    .description('Make the certificates by which controller and agents know each other.')
    .helpCommand(false)
    .addHelpText('after', after);
  addCreate(certs, context);
  addRenew(certs, context);
  addShow(certs, context);
  addSecrets(certs, context);
}

const directory = (): Option => new Option('--dir <folder>', 'folder of the certificates').default('certs');
const days = (): Option =>
  new Option('--days <number>', 'days that a certificate is good for').default(365).argParser(whole(1, 36_500));

function addCreate(certs: Command, { io }: CommandContext): void {
  certs
    .command('create')
    .description('Make what is missing: the authority, the certificate of the controller, and one for each node named.')
    .addOption(directory())
    .addOption(
      new Option('--node <id>', 'node to make a certificate for; may be given several times')
        .default([], 'none')
        .argParser((text: string, before: readonly NodeId[]) => [...before, argument((each) => nodeId(each))(text)]),
    )
    .addOption(days())
    .addOption(
      new Option('--ca-days <number>', 'days that a new authority is good for')
        .default(3650)
        .argParser(whole(1, 36_500)),
    )
    .addHelpText(
      'after',
      `
What is there is not overwritten: a node that has a certificate already is refused. For new ones: brickyard certs renew.

Examples:
  brickyard certs create --node node-a --node node-b --node node-c
  brickyard certs create --node node-d          one more node, by the same authority`,
    )
    .action(async (flags: CertsFlags) => (await import('../agent/certs.ts')).createCertificates(flags, io));
}

function addRenew(certs: Command, { io }: CommandContext): void {
  certs
    .command('renew')
    .description('Make new certificates in the place of those that expire soon, by the same authority.')
    .addOption(directory())
    .addOption(days())
    .addOption(new Option('--within <days>', 'renew what has fewer days left').default(30).argParser(whole(0, 36_500)))
    .addHelpText('after', '\nControllers and agents read changed files within seconds; nothing has to be restarted.')
    .action(async (flags: CertsFlags) => (await import('../agent/certs.ts')).renewCertificates(flags, io));
}

function addShow(certs: Command, { io }: CommandContext): void {
  certs
    .command('show')
    .description('List the certificates, whom they are for, and how many days are left.')
    .addOption(directory())
    .addOption(outputOption())
    .action(async (flags: CertsFlags) => (await import('../agent/certs.ts')).showCertificates(flags, io));
}

function addSecrets(certs: Command, { io }: CommandContext): void {
  certs
    .command('secrets')
    .description('Print the certificates as Kubernetes Secrets in YAML, keys included.')
    .addOption(directory())
    .option('--namespace <name>', 'namespace of the Secret of the controller', 'brickyard')
    .option('--agent-namespace <name>', 'namespace of the Secrets of the agents', 'brickyard-agents')
    .addHelpText(
      'after',
      `
One Secret for the controller (brickyard-controller-tls) and one for each node (brickyard-agent-tls-NODE).
The key of the authority is not among them.

Example:
  brickyard certs secrets | kubectl apply -f -`,
    )
    .action(async (flags: CertsFlags) => (await import('../agent/certs.ts')).printSecrets(flags, io));
}

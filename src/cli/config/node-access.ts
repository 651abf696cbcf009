import { z } from 'zod';
import type { CrossFieldProblem } from './cross-field.ts';
import { choice, count, path, text, toggle, words } from './leaf.ts';

/** How storage nodes are reached, as it is written down. */
export const nodesSchema = z.strictObject({
  kind: choice(
    'How storage nodes are reached. agent: brickyard agent on each, over mutual TLS. ssh: no agent. local: this host is the one node. simulated: nodes in memory, for trials and tests.',
    ['agent', 'ssh', 'local', 'simulated'],
  ).prefault('agent'),
  agent: z
    .strictObject({
      port: count('Port that the agents listen on.', 1, 65_535).prefault(24_017),
      certDir: path(
        'Folder with tls.crt, tls.key and ca.crt: who this controller is, and whose agents it believes. Read again when they change.',
      ).prefault('/etc/brickyard/tls'),
    })
    .prefault({}),
  ssh: z
    .strictObject({
      user: text('User that logs in on the nodes.', 'a user name', /^[a-z_][a-z0-9_-]{0,31}$/).prefault('root'),
      port: count('Port of sshd on the nodes.', 1, 65_535).prefault(22),
      keyFile: path('Private key, without a passphrase. Needed with kind ssh.').optional(),
      knownHostsFile: path('Host keys of the nodes, as ssh keeps them. Needed with kind ssh.').optional(),
      sudo: toggle('Run commands by sudo -n, for a user that is not root.').prefault(false),
    })
    .prefault({}),
  local: z
    .strictObject({
      prefix: words('Words that go before every command, for a container that works on its host.').prefault(''),
    })
    .prefault({}),
  url: text(
    'URL of a running simulation (brickyard sandbox prints one), with kind simulated. Absent: an own simulation in this process.',
    'an http URL on the loopback interface',
    /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost):\d+\/?$/,
  ).optional(),
  tokenFile: path('File that holds the bearer token for nodes.url.').optional(),
});

type Given = z.output<typeof nodesSchema>;

/** The one way to the storage nodes that was chosen, with all that it needs and nothing else. */
export type NodeAccess =
  | ({ readonly kind: 'agent' } & Given['agent'])
  | ({ readonly kind: 'ssh' } & Required<Given['ssh']>)
  | ({ readonly kind: 'local' } & Given['local'])
  | { readonly kind: 'simulated'; readonly remote?: { readonly url: string; readonly tokenFile: string } };

const sshFiles = ['keyFile', 'knownHostsFile'] as const;

/** What is missing for the way that was chosen, and what belongs to another. */
export function nodeAccessProblems(nodes: Given): readonly CrossFieldProblem[] {
  const missing = sshFiles.filter((field) => nodes.kind === 'ssh' && nodes.ssh[field] === undefined);
  return [
    ...missing.map((field) => ({
      path: ['nodes', 'ssh', field],
      message: 'expected a path, because nodes.kind is ssh, got nothing',
    })),
    ...((nodes.url === undefined) !== (nodes.tokenFile === undefined)
      ? [{ path: ['nodes'], message: 'expected url and tokenFile together, got only one of them' }]
      : []),
    ...(nodes.url !== undefined && nodes.kind !== 'simulated'
      ? [{ path: ['nodes', 'url'], message: `expected nodes.kind to be simulated beside it, got ${nodes.kind}` }]
      : []),
  ];
}

/** Throws TypeError when `nodeAccessProblems` found any. */
export function nodeAccess({ kind, agent, ssh, local, url, tokenFile }: Given): NodeAccess {
  switch (kind) {
    case 'agent':
      return { kind, ...agent };
    case 'ssh': {
      const { keyFile, knownHostsFile, ...rest } = ssh;
      if (keyFile === undefined || knownHostsFile === undefined) {
        throw new TypeError('nodes.ssh: expected keyFile and knownHostsFile');
      }
      return { kind, ...rest, keyFile, knownHostsFile };
    }
    case 'local':
      return { kind, ...local };
    case 'simulated':
      return url === undefined || tokenFile === undefined ? { kind } : { kind, remote: { url, tokenFile } };
  }
}

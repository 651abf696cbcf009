import type { CrossFieldProblem } from './cross-field.ts';
import type { ParsedConfig } from './schema.ts';

type Given = ParsedConfig['nodes'];

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

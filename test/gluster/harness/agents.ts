/** The node agent of a test cluster: `brickyard agent` on every node, with certificates that `brickyard certs` made. */
import { type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../support/wait-for.ts';
import type { RealCluster } from './cluster.ts';
import { childOf, kill, must, start, wholly } from './namespaces.ts';
import type { RealNode } from './real-node.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

export interface Agents {
  /** What the controller shows them. */
  readonly certDir: string;
  /** Starts the agent of a node, in the place of one that was killed with its node or alone. */
  start(node: RealNode): Promise<void>;
  /** SIGKILL. */
  kill(node: RealNode): Promise<void>;
}

/** Makes the certificates, and starts an agent on every node. */
export async function startAgents({ directory, nodes }: RealCluster): Promise<Agents> {
  const certificates = join(directory, 'certs');
  const named = nodes.flatMap(({ id }) => ['--node', id]);
  await must([process.execPath, main, 'certs', 'create', '--dir', certificates, ...named]);
  const running = new Map<string, ChildProcess>();
  const launch = async (node: RealNode): Promise<void> => {
    const log = await open(join(node.tree, 'agent.log'), 'a');
    const own = ['--node', node.id, '--cert-dir', join(certificates, 'nodes', node.id), '--listen', '0.0.0.0:24017'];
    const devices = node.devices.flatMap((device) => ['--device', device]);
    const argv = [...wholly(node.pid), process.execPath, main, 'agent', ...own, ...devices];
    running.set(node.id, await start(argv, ['ignore', log.fd, log.fd]));
    await log.close();
  };
  await Promise.all(nodes.map((node) => launch(node)));
  return {
    certDir: join(certificates, 'controller'),
    start: (node) => launch(node),
    kill: async (node) => {
      const shell = running.get(node.id);
      kill(await childOf(shell?.pid ?? 0));
      await waitFor(`the agent of ${node.id} has ended`, () => shell?.exitCode !== null || shell.signalCode !== null);
    },
  };
}

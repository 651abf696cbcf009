/** A real gluster cluster on this machine, for one test file: see cluster.sh. Needs root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hostName, nodeId } from '../../../src/domain/names.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { realClock } from '../../support/test-api.ts';

const script = fileURLToPath(new URL('cluster.sh', import.meta.url));

export interface RealNode extends NodeRef {
  /** The first process of the node, as this machine numbers it. */
  readonly pid: number;
}

export interface RealCluster {
  readonly nodes: readonly RealNode[];
  /** Runs commands in the namespaces of whichever node it is given. */
  readonly runner: CommandRunner;
  close(): Promise<void>;
}

/** Resolves when every node sees every other one. Each node has empty brick directories /run/bricks/{1,2}/brick. */
export async function startRealCluster(count: number): Promise<RealCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-gluster-'));
  const child = spawn('unshare', ['--net', '--mount', script, directory, String(count)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const close = async (): Promise<void> => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, 'close');
    }
    await rm(directory, { recursive: true, force: true });
  };
  const nodes: RealNode[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (line === 'ready') {
      return { nodes, runner: runnerFor(nodes), close };
    }
    const [, index, pid, address] = /^node (\d+) (\d+) (\S+)$/.exec(line) ?? [];
    nodes.push({
      id: nodeId(`node-${index}`),
      manage: hostName(`node-${index}`),
      storage: hostName(address ?? ''),
      pid: Number(pid),
    });
  }
  await close();
  throw new Error(`the gluster cluster did not start: ${complaints.join('')}`);
}

function runnerFor(nodes: readonly RealNode[]): CommandRunner {
  const runners = new Map(
    nodes.map(({ id, pid }) => [
      id,
      createLocalRunner({
        clock: realClock,
        prefix: ['nsenter', '-t', String(pid), '-m', '-u', '-p', '-n', '-i', '--'],
      }),
    ]),
  );
  return {
    run: (node, command, context) => {
      const runner = runners.get(node.id);
      if (runner === undefined) {
        throw new RangeError(`no node ${node.id} in this cluster`);
      }
      return runner.run(node, command, context);
    },
  };
}

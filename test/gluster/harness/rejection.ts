/** A member whose gluster has something else of a volume than the others, and the cure, word for word as it is told to people. */
import { remedyOf } from '../../../src/engine/node-watch/describe.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { RealCluster } from './cluster.ts';
import type { RealNode } from './real-node.ts';

/** Another copy of the volume under the same version, as a crash in the middle of a change can leave it. */
export async function diverge(node: RealNode, volume: string): Promise<void> {
  await node.killGlusterd();
  await node.must('sh', '-c', 'echo features.trash=off >>"$1"', 'sh', `/var/lib/glusterd/vols/${volume}/info`);
  await node.startGlusterd();
}

/** Nodes that more than one other rejects, once no two are still making up their minds about each other. */
export async function rejectedNodes({ nodes, runner }: RealCluster): Promise<readonly RealNode[]> {
  const storage = createCommandStorageNodes({ runner });
  const context = { signal: AbortSignal.timeout(60_000) };
  return waitFor(
    'all members have settled',
    async () => {
      const views = await Promise.all(nodes.map((node) => storage.listPeers(node, context)));
      const facts = await Promise.all(nodes.map((node) => storage.inspectNode(node, context)));
      const peers = views.flatMap((view) => (view.kind === 'done' ? view.value : []));
      if (peers.length < nodes.length ** 2 || peers.some(({ state }) => !['member', 'rejected'].includes(state))) {
        return undefined;
      }
      return nodes.filter((_node, index) => {
        const own = facts[index];
        const id = own?.kind === 'done' ? own.value.glusterId : undefined;
        return peers.filter(({ uuid, state }) => uuid === id && state === 'rejected').length > 1;
      });
    },
    120_000,
  );
}

/** What the remedy says of a node that is rejected, command by command; a node of the harness has no init system. */
export async function cure(node: RealNode): Promise<void> {
  const [, ...commands] = remedyOf({ kind: 'rejected', by: [] }).split('\n');
  for (const command of commands.map((line) => line.trim())) {
    if (command === 'systemctl stop glusterd') {
      await stopGlusterd(node);
    } else if (command === 'systemctl start glusterd') {
      await node.startGlusterd();
    } else {
      await node.must(...command.split(' '));
    }
  }
  // As the page says; a node may need it twice.
  await node.must('rm', '--recursive', '--force', '/var/lib/glusterd/vols.rejected');
}

async function stopGlusterd(node: RealNode): Promise<void> {
  if ((await node.run('pgrep', '--exact', 'glusterd')).exitCode === 0) {
    await node.killGlusterd();
  }
}

/** Whether a glusterd that was killed starts again. `false`: there is a volume in its own folder that it cannot read. */
export async function startsAgain(node: RealNode): Promise<boolean> {
  try {
    await node.startGlusterd();
    return true;
  } catch (error) {
    const log = await node.must('tail', '--lines=20', '/var/log/glusterfs/glusterd.log');
    if (log.includes('Unable to restore volume')) {
      return false;
    }
    throw error;
  }
}

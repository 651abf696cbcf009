/** The ways by which a controller reaches real nodes. */
import type { RealCluster, RealNode } from '../harness/cluster.ts';
import { startAgents } from '../harness/agents.ts';
import { startSshd } from '../harness/sshd.ts';

export const ways = ['agent', 'ssh'] as const;

export type Way = (typeof ways)[number];

export interface OpenWay {
  /** `nodes` of the controller's configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Starts on a node that was booted again what the way needs there. */
  revived(node: RealNode): Promise<void>;
}

export async function openWay(way: Way, cluster: RealCluster): Promise<OpenWay> {
  switch (way) {
    case 'agent': {
      const agents = await startAgents(cluster);
      return {
        config: { kind: 'agent', agent: { certDir: agents.certDir } },
        revived: (node) => agents.start(node),
      };
    }
    case 'ssh': {
      const access = await startSshd(cluster);
      const { keyFile, knownHostsFile } = access;
      return {
        config: { kind: 'ssh', ssh: { keyFile, knownHostsFile } },
        revived: (node) => access.start(node),
      };
    }
  }
}

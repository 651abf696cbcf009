/** The ways by which a controller reaches real nodes. */
import type { RealCluster, RealNode } from '../harness/cluster.ts';
import { startSshd } from '../harness/sshd.ts';

export const ways = ['ssh'] as const;

export type Way = (typeof ways)[number];

export interface OpenWay {
  /** `nodes` of the controller's configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Starts on a node that was booted again what the way needs there. */
  revived(node: RealNode): Promise<void>;
  close(): Promise<void>;
}

export async function openWay(way: Way, cluster: RealCluster): Promise<OpenWay> {
  switch (way) {
    case 'ssh': {
      const access = await startSshd(cluster);
      const { keyFile, knownHostsFile } = access;
      return {
        config: { kind: 'ssh', ssh: { keyFile, knownHostsFile } },
        revived: (node) => access.start(node),
        close: async () => undefined,
      };
    }
  }
}

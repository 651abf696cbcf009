/** What the calls of the Node service work with. */
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { NodeId } from '../../domain/names.ts';
import type { Mounts } from '../mounts/api.ts';
import type { HostPath } from '../protocol/grammar.ts';
import type { Servers } from '../servers.ts';
import type { VolumeLanes } from './volume-lanes.ts';

export interface NodeServiceOptions {
  /** What the orchestrator calls this node. */
  readonly node: NodeId;
  /** Volumes that may be staged here at one time; 0: any number. */
  readonly maxVolumes: number;
  /** Everything that is mounted is mounted in here. */
  readonly kubeletDirectory: HostPath;
  readonly mounts: Mounts;
  readonly servers: Servers;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the calls share. */
export interface NodeParts extends NodeServiceOptions {
  readonly lanes: VolumeLanes;
}

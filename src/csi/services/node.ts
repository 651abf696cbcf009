/** The Node service, put together: what it offers, and who answers which call. */
import type { Handlers } from '../server/handler.ts';
import { expandVolume, volumeStats } from './looks.ts';
import type { NodeParts, NodeServiceOptions } from './parts.ts';
import { publishVolume, unpublishVolume } from './publishing.ts';
import { stageVolume, unstageVolume } from './staging.ts';
import { VolumeLanes } from './volume-lanes.ts';

const capabilities = [
  'STAGE_UNSTAGE_VOLUME',
  'GET_VOLUME_STATS',
  'VOLUME_CONDITION',
  'EXPAND_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
] as const;

export function nodeService(options: NodeServiceOptions): Handlers<'node'> {
  const parts: NodeParts = { ...options, lanes: new VolumeLanes() };
  return {
    NodeStageVolume: (request, context) => stageVolume(parts, request, context),
    NodeUnstageVolume: (request, context) => unstageVolume(parts, request, context),
    NodePublishVolume: (request, context) => publishVolume(parts, request, context),
    NodeUnpublishVolume: (request, context) => unpublishVolume(parts, request, context),
    NodeGetVolumeStats: (request, context) => volumeStats(parts, request, context),
    NodeExpandVolume: (request, context) => expandVolume(parts, request, context),
    NodeGetCapabilities: async () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) }),
    // No topology: every node can reach every volume.
    NodeGetInfo: async () => ({ node_id: options.node, max_volumes_per_node: options.maxVolumes }),
  };
}

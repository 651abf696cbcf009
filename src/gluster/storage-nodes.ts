/** The engine's port to storage nodes, by commands over any runner. */
import { silentLog, type Log } from '../domain/log.ts';
import type { StorageNodes } from '../engine/ports.ts';
import { brickVerbs } from './bricks/verbs.ts';
import type { Tools } from './errand.ts';
import type { CommandRunner } from './runner.ts';
import { restartBricks, volumeStatus } from './verbs/brick-processes.ts';
import { healSummary, startHeal } from './verbs/heal.ts';
import { inspectNode } from './verbs/inspect-node.ts';
import { addBricks } from './verbs/add-bricks.ts';
import { rebalanceStatus, startRebalance } from './verbs/rebalance.ts';
import { removeBricks } from './verbs/remove-bricks.ts';
import { ensurePeer, listPeers } from './verbs/peers.ts';
import { removePeer } from './verbs/remove-peer.ts';
import { replaceBrick } from './verbs/replace-brick.ts';
import { resetBrick } from './verbs/reset-brick.ts';
import * as volumes from './verbs/volumes.ts';

export interface CommandStorageNodesOptions {
  readonly runner: CommandRunner;
  /** Told of commands that failed or got no answer. Default: nobody is told. */
  readonly log?: Log;
}

/** Holds no state: any number of these may work side by side. */
export function createCommandStorageNodes({ runner, log = silentLog }: CommandStorageNodesOptions): StorageNodes {
  const tools: Tools = { runner, log };
  return {
    ...brickVerbs(tools),
    inspectNode: (node, context) => inspectNode(tools, node, context),
    ensurePeer: (via, host, context) => ensurePeer(tools, via, host, context),
    removePeer: (via, host, context) => removePeer(tools, via, host, context),
    listPeers: (via, context) => listPeers(tools, via, context),
    volumeInfo: (via, name, context) => volumes.volumeInfo(tools, via, name, context),
    listVolumes: (via, context) => volumes.listVolumes(tools, via, context),
    createVolume: (via, spec, context) => volumes.createVolume(tools, via, spec, context),
    addBricks: (via, spec, context) => addBricks(tools, via, spec, context),
    removeBricks: (via, spec, context) => removeBricks(tools, via, spec, context),
    startRebalance: (via, name, context) => startRebalance(tools, via, name, context),
    rebalanceStatus: (via, name, context) => rebalanceStatus(tools, via, name, context),
    setVolumeOptions: (via, name, options, context) => volumes.setVolumeOptions(tools, via, name, options, context),
    startVolume: (via, name, context) => volumes.startVolume(tools, via, name, context),
    restartBricks: (via, name, context) => restartBricks(tools, via, name, context),
    volumeStatus: (via, name, context) => volumeStatus(tools, via, name, context),
    healSummary: (via, name, context) => healSummary(tools, via, name, context),
    startHeal: (via, name, options, context) => startHeal(tools, via, name, options, context),
    replaceBrick: (via, name, change, context) => replaceBrick(tools, via, name, change, context),
    resetBrick: (via, name, brick, context) => resetBrick(tools, via, name, brick, context),
    stopVolume: (via, name, context) => volumes.stopVolume(tools, via, name, context),
    deleteVolume: (via, name, context) => volumes.deleteVolume(tools, via, name, context),
  };
}

import { dirname, join } from 'node:path';
import { fileMemory } from '../../csi/mounts/memory.ts';
import { startPlugin } from '../../csi/plugin.ts';
import { serversFrom } from '../../csi/servers.ts';
import { createLocalRunner } from '../../gluster/local-runner.ts';
import { EventRecorder } from '../../kube/event-recorder.ts';
import type { ExitCode } from '../exit-codes.ts';
import { untilStopped } from '../lifecycle/until-stopped.ts';
import { createLogger } from '../logging/logger.ts';
import { systemClock } from '../system-clock.ts';
import { brickyardVersion } from '../version.ts';
import type { NodeConfig } from './config.ts';
import { openNodeApi } from './kube-api.ts';
import { mountEvent } from './mount-events.ts';
import { openHostMounts, type MountsParts, type OpenedMounts } from './open-mounts.ts';
import { garbageCollection } from './rest.ts';

/** Milliseconds for what is still to be told when the process ends. */
const eventGrace = 2000;

/**
 * Runs the node plugin until a signal or a failure ends it. Resolves with what the process should end with. Mounts outlive
 * it. `open`: what mounts.
 */
export async function runNode(
  config: NodeConfig,
  open: (parts: MountsParts) => Promise<OpenedMounts> = openHostMounts,
): Promise<ExitCode> {
  const { name: node, kubeletDir, csiSocket, registrationDir, prefix, shutdownGrace, logLevel, logFormat } = config;
  const clock = systemClock;
  const version = brickyardVersion();
  const log = await createLogger({
    level: logLevel,
    format: logFormat,
    output: 1,
    isTerminal: process.stdout.isTTY,
  });
  return untilStopped({ name: 'the plugin', clock, log, grace: shutdownGrace }, async (lifecycle) => {
    log.info({ version, node, kubeletDir, pid: process.pid }, 'brickyard node starts');
    const { kubeconfig } = config;
    const api = await openNodeApi({ kubeconfig, environment: process.env, clock, log, version });
    const events = new EventRecorder({ api, clock, log, instance: node });
    lifecycle.onClose('events', () => events.close(eventGrace));
    const runner = createLocalRunner({ clock, prefix });
    const stopping = lifecycle.draining;
    const { mounts, ended } = await open({
      runner,
      clock,
      log,
      node,
      kubeletDirectory: kubeletDir,
      watchInterval: config.watchInterval,
      memory: fileMemory(join(dirname(csiSocket), 'clients.json'), log),
      listener: (notice) => events.record(mountEvent(node, notice)),
      looked: garbageCollection(),
      stopping,
    });
    if (ended !== undefined) {
      lifecycle.onClose('watch over mounts', () => ended);
    }
    const plugin = await startPlugin({
      node,
      maxVolumes: config.maxVolumes,
      kubeletDirectory: kubeletDir,
      csiSocket,
      registrationDirectory: registrationDir,
      version,
      mounts,
      servers: serversFrom(api),
      clock,
      log,
    });
    lifecycle.onClose('plugin', (abort) => plugin.close(abort));
    log.info({ socket: csiSocket, registration: registrationDir }, 'the plugin listens');
  });
}

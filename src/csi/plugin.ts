/** The node plugin: its two sockets and what answers on them. */
import { join } from 'node:path';
import { hostPath, type HostPath } from './protocol/grammar.ts';
import { registrationService, registrationSocketName } from './registration/registration.ts';
import { openSocket } from './server/socket.ts';
import { identityService } from './services/identity.ts';
import { nodeService } from './services/node.ts';
import type { NodeServiceOptions } from './services/parts.ts';

export interface PluginOptions extends NodeServiceOptions {
  readonly version: string;
  /** Where Identity and Node are served, the same path for us and for the kubelet. */
  readonly csiSocket: HostPath;
  /** The kubelet's folder `plugins_registry`. */
  readonly registrationDirectory: HostPath;
  /** Milliseconds between two looks whether the sockets are still there. */
  readonly lookEveryMs?: number;
}

export interface Plugin {
  /** Lets what runs end, and aborts it when `abort` fires. Mounts stay. */
  close(abort: AbortSignal): Promise<void>;
}

/** Resolves as soon as both sockets are there. Throws Error when one cannot be. */
export async function startPlugin(options: PluginOptions): Promise<Plugin> {
  const { csiSocket, registrationDirectory, version, clock, log, lookEveryMs } = options;
  const common = { clock, log, ...(lookEveryMs === undefined ? {} : { lookEveryMs }) };
  let ready = false;
  const csi = await openSocket({
    ...common,
    path: csiSocket,
    services: { identity: identityService({ version, ready: () => ready }), node: nodeService(options) },
  });
  try {
    // Last, because the kubelet calls as soon as it sees it.
    const registration = await openSocket({
      ...common,
      path: hostPath(join(registrationDirectory, registrationSocketName), 'registration socket'),
      services: { registration: registrationService(csiSocket, log) },
    });
    ready = true;
    return {
      close: async (abort) => {
        ready = false;
        await registration.close(abort);
        await csi.close(abort);
      },
    };
  } catch (error) {
    await csi.close(AbortSignal.abort());
    throw error;
  }
}

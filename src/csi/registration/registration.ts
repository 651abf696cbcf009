/** The Registration service, by which a kubelet learns that there is a plugin and where its socket is. */
import { z } from 'zod';
import { csiDriverName } from '../../domain/csi-names.ts';
import type { Log } from '../../domain/log.ts';
import type { HostPath } from '../protocol/grammar.ts';
import type { Handlers } from '../server/handler.ts';

/** Kubelets dial every socket of their folder, whatever it is called. */
export const registrationSocketName = `${csiDriverName}-reg.sock`;

const statusRequest = z.object({ plugin_registered: z.boolean(), error: z.string() });

/** `endpoint`: path of the socket of Identity and Node, which is the same for the kubelet and for us. */
export function registrationService(endpoint: HostPath, log: Log): Handlers<'registration'> {
  return {
    GetInfo: async () => ({
      type: 'CSIPlugin',
      name: csiDriverName,
      endpoint,
      supported_versions: ['1.0.0'],
    }),
    NotifyRegistrationStatus: async (request) => {
      const { plugin_registered: registered, error } = statusRequest.parse(request);
      if (registered) {
        log.info({ endpoint }, 'the kubelet has registered the plugin');
      } else {
        // It tries again by itself, for as long as the socket is there.
        log.error({ endpoint, reason: error }, 'the kubelet has not registered the plugin');
      }
      return {};
    },
  };
}

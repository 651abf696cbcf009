/** The Identity service: who is here, and is it well. */
import { csiDriverName } from '../../domain/csi-names.ts';
import type { Handlers } from '../server/handler.ts';

export interface IdentityOptions {
  readonly version: string;
  /** False while it starts and while it stops. Answering at all is what being alive means. */
  readonly ready: () => boolean;
}

export function identityService({ version, ready }: IdentityOptions): Handlers<'identity'> {
  return {
    GetPluginInfo: async () => ({ name: csiDriverName, vendor_version: version }),
    // Volumes are made, grown and deleted by the controller, which hears of them from the API: there is no Controller service.
    GetPluginCapabilities: async () => ({ capabilities: [{ volume_expansion: { type: 'ONLINE' } }] }),
    Probe: async () => ({ ready: { value: ready() } }),
  };
}

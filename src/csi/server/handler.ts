/** What answers the calls of a service. */
import type { definitions } from '../protocol/definitions.ts';
import type { CallContext } from '../mounts/api.ts';

/**
 * Answers one call: a message, or Refusal thrown. `request` is unread. The signal fires when the caller has gone, its
 * deadline is over, or the server must end.
 */
export type Handler = (request: unknown, context: CallContext) => Promise<object>;

interface Methods {
  readonly identity: 'GetPluginInfo' | 'GetPluginCapabilities' | 'Probe';
  readonly node:
    | 'NodeStageVolume'
    | 'NodeUnstageVolume'
    | 'NodePublishVolume'
    | 'NodeUnpublishVolume'
    | 'NodeGetVolumeStats'
    | 'NodeExpandVolume'
    | 'NodeGetCapabilities'
    | 'NodeGetInfo';
  readonly registration: 'GetInfo' | 'NotifyRegistrationStatus';
}

export type ServiceName = keyof typeof definitions;

/** A handler for each method of a service. */
export type Handlers<Name extends ServiceName> = Readonly<Record<Methods[Name], Handler>>;

/** The Node service over mounts in a temporary file, without a socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { hostPath } from '../../../../src/csi/protocol/grammar.ts';
import { definitions } from '../../../../src/csi/protocol/definitions.ts';
import type { Handlers } from '../../../../src/csi/server/handler.ts';
import type { Servers } from '../../../../src/csi/servers.ts';
import { nodeService } from '../../../../src/csi/services/node.ts';
import { asRefusal } from '../../../../src/csi/services/refusal.ts';
import { silentLog, type Log } from '../../../../src/domain/log.ts';
import { hostName, nodeId } from '../../../../src/domain/names.ts';
import { done } from '../../../../src/domain/outcome.ts';
import { mountCapability } from '../../../support/csi-client.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeMounts } from '../../../support/fake-mounts.ts';

export const id = '6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a01';
export const otherId = '6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a02';
export const contextOf = (volume: string) => ({
  endpointsNamespace: 'brickyard',
  endpoints: 'gluster-default',
  volume: `vol_${volume}`,
});
export const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => hostName(host));

type Method = keyof Handlers<'node'>;
type Fields = Readonly<Record<string, unknown>>;

export class Bench {
  readonly directory = mkdtempSync(join(tmpdir(), 'brickyard-csi-'));
  readonly staging = join(this.directory, 'plugins/volume/globalmount');
  readonly mounts = new FakeMounts(join(this.directory, 'mounts.json'));
  readonly target = (name = 'a'): string => join(this.directory, `pods/${name}/mount`);
  readonly #service: Handlers<'node'>;

  constructor({ servers = { of: async () => done(hosts) }, log = silentLog }: { servers?: Servers; log?: Log } = {}) {
    onTestFinished(() => rmSync(this.directory, { recursive: true, force: true }));
    this.#service = nodeService({
      node: nodeId('worker-1'),
      maxVolumes: 7,
      kubeletDirectory: hostPath(this.directory, 'directory'),
      mounts: this.mounts,
      servers,
      clock: new FakeClock(),
      log,
    });
  }

  /** As it comes over the wire: encoded and decoded on the way. */
  call(method: Method, fields: Fields = {}, signal = new AbortController().signal): Promise<object> {
    const definition = definitions.node[method];
    if (definition === undefined) {
      throw new TypeError(method);
    }
    const request: unknown = definition.requestDeserialize(definition.requestSerialize(fields));
    return this.#service[method](request, { signal });
  }

  stage(fields: Fields = {}): Promise<object> {
    return this.call('NodeStageVolume', {
      volume_id: id,
      staging_target_path: this.staging,
      volume_capability: mountCapability(),
      volume_context: contextOf(id),
      ...fields,
    });
  }

  unstage(fields: Fields = {}): Promise<object> {
    return this.call('NodeUnstageVolume', { volume_id: id, staging_target_path: this.staging, ...fields });
  }

  publish(fields: Fields = {}): Promise<object> {
    return this.call('NodePublishVolume', {
      volume_id: id,
      staging_target_path: this.staging,
      target_path: this.target(),
      volume_capability: mountCapability(),
      volume_context: contextOf(id),
      ...fields,
    });
  }

  unpublish(fields: Fields = {}): Promise<object> {
    return this.call('NodeUnpublishVolume', { volume_id: id, target_path: this.target(), ...fields });
  }

  stats(fields: Fields = {}): Promise<object> {
    return this.call('NodeGetVolumeStats', { volume_id: id, volume_path: this.target(), ...fields });
  }

  expand(fields: Fields = {}): Promise<object> {
    return this.call('NodeExpandVolume', { volume_id: id, volume_path: this.target(), ...fields });
  }
}

/** `CODE: message` of a call that is refused, `OK` of one that is not. */
export async function answer(call: Promise<object>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal === undefined) {
      throw error;
    }
    return `${status[refusal.code]}: ${refusal.message}`;
  }
}

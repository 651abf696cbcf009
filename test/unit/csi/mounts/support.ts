import type { CallContext, MountWish } from '../../../../src/csi/mounts/api.ts';
import { openMounts, type KeptMounts, type MountsOptions } from '../../../../src/csi/mounts/open.ts';
import { silentLog, type Log } from '../../../../src/domain/log.ts';
import { hostName, nodeId, volumeName } from '../../../../src/domain/names.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import type { FakeHost } from './fake-host.ts';

export const node = { id: nodeId('worker-1'), manage: hostName('worker-1'), storage: hostName('worker-1') };
export const context = (): CallContext => ({ signal: new AbortController().signal });

export const staged = '/kubelet/plugins/csi/0123/globalmount';
export const target = '/kubelet/pods/a/volumes/kubernetes.io~csi/data/mount';

export const wish = (more: Partial<MountWish> = {}): MountWish => ({
  volume: volumeName('data'),
  servers: ['s1', 's2', 's3'].map((server) => hostName(server)),
  options: [],
  readOnly: false,
  ...more,
});

export const openOn = (host: FakeHost, more: Partial<MountsOptions> = {}): KeptMounts =>
  openMounts({
    runner: host,
    clock: new FakeClock(),
    log: silentLog,
    node,
    kubeletDirectory: '/kubelet',
    client: { kind: 'host', version: '10.3' },
    cgroup: { kind: 'scope', slice: 'brickyard.slice' },
    ...more,
  });

/** Keeps the sentences of warnings. */
export class Warnings implements Log {
  readonly said: string[] = [];
  debug(): void {}
  info(_fields: object, message: string): void {
    this.said.push(message);
  }
  warn(_fields: object, message: string): void {
    this.said.push(message);
  }
  error(): void {}
  child(): Log {
    return this;
  }
}

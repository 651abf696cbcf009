import { describe, expect, it } from 'vitest';
import { mountEvent } from '../../../src/cli/node/mount-events.ts';
import type { MountNotice } from '../../../src/csi/mounts/watch.ts';
import { nodeId, volumeName } from '../../../src/domain/names.ts';

const about = {
  directory: '/var/lib/kubelet/plugins/kubernetes.io/csi/glusterfs.brickyard.dev/01/globalmount',
  volume: volumeName('vol_6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a01'),
  targets: ['a', 'b'].map((uid) => `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~csi/pvc-1/mount`),
};
const said = (notice: MountNotice): string => {
  const { type, reason, message } = mountEvent(nodeId('worker-1'), notice);
  return `${type} ${reason} ${message}`;
};

describe('events about mounts', () => {
  it('are found with their node', () => {
    expect(mountEvent(nodeId('worker-1'), { kind: 'dead', ...about }).about).toEqual({
      apiVersion: 'v1',
      kind: 'Node',
      name: 'worker-1',
      uid: 'worker-1',
    });
  });

  it('name the volume, the place, and whom it concerns', () => {
    expect(said({ kind: 'dead', ...about })).toBe(
      `Warning GlusterMountDead The client process of the mount of gluster volume ${about.volume} at ${about.directory} has ended. Errors until it is mounted again: pod a, pod b`,
    );
    expect(said({ kind: 'repaired', ...about })).toContain('restart those of pod a, pod b');
    expect(said({ kind: 'not-repaired', reason: 'no servers', ...about, targets: [] })).toMatch(
      /^Warning GlusterMountNotRepaired .* could not be mounted again: no servers\. Waiting for that: no pod$/,
    );
  });

  it('do without the name of a volume that is not known', () => {
    expect(said({ kind: 'dead', directory: '/d', targets: ['/elsewhere'] })).toContain(
      'gluster volume with an unknown name at /d has ended. Errors until it is mounted again: /elsewhere',
    );
  });
});

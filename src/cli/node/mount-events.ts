/**
 * What is said of mounts that have died, as events about this node: the plugin knows pods by their uid alone, and may see
 * neither them nor their claims.
 */
import type { MountNotice } from '../../csi/mounts/watch.ts';
import type { NodeId } from '../../domain/names.ts';
import type { EventReference } from '../../kube/event-body.ts';
import type { NewEvent } from '../../kube/event-recorder.ts';

/** As kubelets refer to their node: `kubectl describe node` finds events by this uid too. */
const nodeReference = (node: NodeId): EventReference => ({ apiVersion: 'v1', kind: 'Node', name: node, uid: node });

export function mountEvent(node: NodeId, notice: MountNotice): NewEvent {
  const about = nodeReference(node);
  const mount = `the mount of gluster volume ${notice.volume ?? 'with an unknown name'} at ${notice.directory}`;
  const users = usersOf(notice.targets);
  switch (notice.kind) {
    case 'dead':
      return {
        about,
        type: 'Warning',
        reason: 'GlusterMountDead',
        message: `The client process of ${mount} has ended. Errors until it is mounted again: ${users}`,
      };
    case 'repaired':
      return {
        about,
        type: 'Normal',
        reason: 'GlusterMountRepaired',
        message: `There is a new client for ${mount}. Containers that ran meanwhile still have the dead mount: restart those of ${users}`,
      };
    case 'not-repaired':
      return {
        about,
        type: 'Warning',
        reason: 'GlusterMountNotRepaired',
        message: `The client process of ${mount} has ended, and it could not be mounted again: ${notice.reason}. Waiting for that: ${users}`,
      };
  }
}

/** The kubelet's folder of a pod is called after the pod's uid. */
function usersOf(targets: readonly string[]): string {
  const users = new Set(
    targets.map((target) => {
      const [, uid] = /\/pods\/([^/]+)\//.exec(target) ?? [];
      return uid === undefined ? target : `pod ${uid}`;
    }),
  );
  return users.size === 0 ? 'no pod' : [...users].join(', ');
}

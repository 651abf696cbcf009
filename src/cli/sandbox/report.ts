import type { VolumeView } from '../../api/views.ts';
import { describeSize } from '../../domain/quantity.ts';
import type { PersistentVolumeClaim } from '../../kube/resources.ts';
import { table } from '../output/table.ts';

/** One line a claim: its volume, and where each replica is. */
export function claimTable(claims: readonly PersistentVolumeClaim[], volumes: readonly VolumeView[]): string {
  const byUid = new Map(volumes.map((volume) => [volume.claim.uid, volume]));
  return table(
    ['claim', 'status', 'persistent volume', 'size', 'gluster volume', 'replicas (zone/node:device)'],
    claims.map((claim) => {
      const volume = byUid.get(claim.metadata.uid);
      return [
        `${claim.metadata.namespace}/${claim.metadata.name}`,
        claim.status.phase ?? 'Pending',
        claim.spec.volumeName ?? '-',
        volume === undefined ? '-' : describeSize(volume.size),
        volume?.name ?? '-',
        volume?.bricks.map(({ zone, node, device }) => `${zone}/${node}:${device}`).join('  ') ?? '-',
      ];
    }),
  );
}

/** What a person may try next, ready to be copied. */
export function nextSteps(kubeconfig: string, stateDir: string, brickyard: string): string {
  return [
    'Try it:',
    `  export KUBECONFIG=${kubeconfig}`,
    '  kubectl get storageclass,pvc,pv',
    '  kubectl apply -f examples/',
    '  kubectl describe pvc example',
    '  kubectl delete pvc example',
    `  ${brickyard} topology --state-dir ${stateDir}`,
    `  ${brickyard} volume list --state-dir ${stateDir}`,
    '',
    'Ctrl-C ends it.',
  ].join('\n');
}

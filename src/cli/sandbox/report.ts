import type { VolumeView } from '../../api/views.ts';
import { describeSize } from '../../domain/quantity.ts';
import type { PersistentVolumeClaim } from '../../kube/resources.ts';
import { table } from '../output/table.ts';

/** A claim with its PersistentVolume and gluster volume, and a line for each replica. */
export function claimTable(claims: readonly PersistentVolumeClaim[], volumes: readonly VolumeView[]): string {
  const byUid = new Map(volumes.map((volume) => [volume.claim.uid, volume]));
  return table(
    ['claim', 'status', 'size', 'persistent volume, gluster volume', 'replicas (zone, node, device)'],
    claims.map((claim) => {
      const volume = byUid.get(claim.metadata.uid);
      const replicas = volume?.bricks.map(({ zone, node, device }) => `${zone}  ${node}  ${device}`) ?? ['-'];
      return [
        `${claim.metadata.namespace}/${claim.metadata.name}`,
        claim.status.phase ?? 'Pending',
        volume === undefined ? '-' : describeSize(volume.size),
        [claim.spec.volumeName || '-', volume?.name ?? '-'].join('\n'),
        replicas.join('\n'),
      ];
    }),
  );
}

export interface NextSteps {
  readonly kubeconfig: string;
  readonly stateDir: string;
  readonly opsUrl: string;
  /** How this program was started. */
  readonly brickyard: string;
}

/** What a person may try next, ready to be copied. */
export function nextSteps(parts: NextSteps): string {
  const { kubeconfig, stateDir, opsUrl, brickyard } = parts;
  return [
    'Try it, in another terminal:',
    `  export KUBECONFIG=${kubeconfig} BRICKYARD_STATE_DIR=${stateDir}`,
    '  kubectl get storageclass,pvc,pv',
    '  kubectl apply -f examples/',
    '  kubectl describe pvc example',
    '  kubectl delete pvc example',
    `  ${brickyard} topology`,
    `  ${brickyard} volume list`,
    `  curl ${opsUrl}/metrics`,
    '',
    'Ctrl-C ends it.',
  ].join('\n');
}

/** Whether the bricks of a volume are served, as gluster sees it now. */
import type { VolumeRecord } from '../domain/volume.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Account } from './calls.ts';
import type { BrickHeal, BrickStatus } from './ports.ts';
import type { VolumeWork } from './volume-work.ts';

type Named = Pick<VolumeRecord, 'cluster' | 'name'>;

/** In set order; `undefined` when the volume is not started. */
export function askStatus(
  { calls }: VolumeWork,
  { cluster, name }: Named,
  account: Account,
): Promise<Outcome<readonly BrickStatus[] | undefined>> {
  return calls.inCluster(cluster, account, (gluster) =>
    gluster.run('look', (nodes, context, via) => nodes.volumeStatus(via, name, context)),
  );
}

export function askHeal(
  { calls }: VolumeWork,
  { cluster, name }: Named,
  account: Account,
): Promise<Outcome<readonly BrickHeal[]>> {
  return calls.inCluster(cluster, account, (gluster) =>
    gluster.run('look', (nodes, context, via) => nodes.healSummary(via, name, context)),
  );
}

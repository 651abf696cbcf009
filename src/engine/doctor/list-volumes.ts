/** Which volumes gluster has, by name alone: one question to each cluster. */
import type { ClusterId } from '../../domain/names.ts';
import { done, type Outcome } from '../../domain/outcome.ts';
import { sideBySide } from '../side-by-side.ts';
import { stopped, type RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';
import type { ClusterVolumes } from './api.ts';
import { accountOfDoctor, listVolumes } from './observe.ts';

const clustersAtOnce = 16;

/** As Doctor.glusterVolumes. */
export async function listEverywhere(
  work: VolumeWork,
  signals: RunSignals,
): Promise<Outcome<readonly ClusterVolumes[]>> {
  const found = new Map<ClusterId, ClusterVolumes>();
  const clusters = new Set(work.directory.list().map(({ cluster }) => cluster));
  await sideBySide(clusters, clustersAtOnce, async (cluster) => {
    const listed = await listVolumes(work, cluster, accountOfDoctor(signals));
    found.set(
      cluster,
      listed.kind === 'done'
        ? { kind: 'seen', cluster, volumes: listed.value }
        : { kind: 'unseen', cluster, reason: listed.reason },
    );
  });
  const byCluster = [...clusters].flatMap((cluster) => found.get(cluster) ?? []);
  return signals.stop.aborted ? stopped(signals) : done(byCluster);
}

/** Records, gluster and nodes held against each other. */
import { done, type Outcome } from '../../domain/outcome.ts';
import type { RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';
import type { Finding, Survey, SurveyProgress } from './api.ts';
import { compareBricks } from './compare-bricks.ts';
import { compareNodes } from './compare-nodes.ts';
import { compareVolumes, named } from './compare-volumes.ts';
import { observe, type Observation } from './observe.ts';
import { Known, snapshotOf } from './snapshot.ts';

export async function survey(
  work: VolumeWork,
  signals: RunSignals,
  onProgress: (progress: SurveyProgress) => void,
): Promise<Outcome<Survey>> {
  const before = snapshotOf(work.ledger);
  const seen = await observe(work, signals, { onProgress, bricks: true });
  if (seen.kind !== 'done') {
    return seen;
  }
  const known = new Known(before, snapshotOf(work.ledger));
  const findings = [
    ...unreachableClusters(seen.value),
    ...compareVolumes(known, seen.value, work.directory),
    ...compareBricks(known, seen.value),
    ...compareNodes(known, seen.value, work.directory),
    ...recordsAlone(known),
  ];
  return done({ findings, looked: lookedAt(seen.value, known) });
}

export function unreachableClusters({
  clusters,
}: Observation): readonly Extract<Finding, { kind: 'cluster-unreachable' }>[] {
  return [...clusters].flatMap(([cluster, sight]) =>
    sight.kind === 'unseen' ? [{ kind: 'cluster-unreachable', cluster, reason: sight.reason }] : [],
  );
}

function recordsAlone(known: Known): readonly Finding[] {
  const byGid = Map.groupBy(
    known.records().flatMap((record) => (record.gid === undefined ? [] : [{ gid: record.gid, record }])),
    ({ gid }) => gid,
  );
  return [
    ...[...byGid]
      .filter(([, holders]) => holders.length > 1)
      .map(([gid, holders]): Finding => ({
        kind: 'gid-shared',
        gid,
        volumes: holders.map(({ record }) => named(record)),
      })),
    ...known
      .quarantined()
      .map(({ kind, id, problem }): Finding => ({ kind: 'quarantined', document: kind, id, problem })),
  ];
}

function lookedAt({ clusters, nodes }: Observation, known: Known): Survey['looked'] {
  const sights = [...nodes.values()].flatMap((devices) => [...devices.values()]);
  return {
    volumes: [...clusters.values()].reduce((sum, sight) => sum + (sight.kind === 'seen' ? sight.volumes.size : 0), 0),
    devices: sights.filter(({ kind }) => kind === 'seen').length,
    records: known.records().length,
  };
}

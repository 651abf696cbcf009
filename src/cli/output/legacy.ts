import { describeSize } from '../../domain/quantity.ts';
import type { NextStep } from '../../controller/legacy/prospects.ts';
import type { LegacyView } from '../legacy/view.ts';
import { table } from './table.ts';

const meaning: Readonly<Record<NextStep, string>> = {
  adopt:
    'Gluster has the volume. "brickyard volume adopt NAME --cluster CLUSTER" takes it into the records: it is shown and counted, and never deleted.',
  nothing: 'Brickyard has a record of the volume. Neither the volume nor its PersistentVolume is changed.',
  'load-topology':
    'Its servers are in no cluster that Brickyard knows: "brickyard topology load FILE" with its storage nodes, then list again.',
  'look-into':
    'Something does not fit: gluster has no such volume, or several places have. Nothing will be done about it by itself.',
  'ask-again': 'Gluster could not be asked. Run this where "brickyard serve" leads, when the cluster answers.',
};

const inGluster = ({ gluster }: LegacyView): string =>
  ({ present: 'yes', absent: 'no', unknown: 'unknown' })[gluster.kind];

const placeOf = ({ endpoints: { namespace, name } }: LegacyView): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** One line a PersistentVolume; then what the words of the last column mean, and why where it is not plain. */
export function legacyText(views: readonly LegacyView[]): string {
  if (views.length === 0) {
    return 'No PersistentVolume of kubernetes.io/glusterfs, of heketi or made by hand was found.';
  }
  const rows = views.map((view) => [
    view.persistentVolume,
    view.phase === '' ? '-' : view.phase,
    view.claim === undefined ? '-' : `${view.claim.namespace}/${view.claim.name}`,
    view.storageClass === '' ? '-' : view.storageClass,
    view.size === undefined ? 'unknown' : describeSize(view.size),
    view.volume,
    placeOf(view),
    view.madeBy,
    view.cluster.kind === 'told' ? view.cluster.id : 'unknown',
    inGluster(view),
    view.next.step,
  ]);
  const heading = [
    'pv',
    'phase',
    'claim',
    'class',
    'size',
    'gluster volume',
    'endpoints',
    'made by',
    'cluster',
    'in gluster',
    'next',
  ];
  return [table(heading, rows), steps(views), ...whys(views), ...policies(views)].join('\n\n');
}

function steps(views: readonly LegacyView[]): string {
  const seen = [...new Set(views.map(({ next }) => next.step))];
  return seen.map((step) => `${step}: ${meaning[step]}`).join('\n');
}

/** Most of them have the same reason, such as that no server runs: each is said once. */
function whys(views: readonly LegacyView[]): string[] {
  const unclear = views.filter(({ cluster, gluster }) => cluster.kind === 'unknown' || gluster.kind === 'unknown');
  const byReason = Map.groupBy(unclear, ({ next }) => next.why);
  return byReason.size === 0
    ? []
    : [[...byReason].map(([reason, group]) => `Unknown for ${group.length}: ${reason}.`).join('\n')];
}

function policies(views: readonly LegacyView[]): string[] {
  const count = views.filter(({ reclaimPolicy }) => reclaimPolicy === 'Delete').length;
  return count === 0
    ? []
    : [
        `${count} of them have reclaim policy Delete, which nobody carries out any more: deleting the claim leaves the ` +
          'PersistentVolume in phase Failed and its data in gluster. Set it to Retain; -o json has the command for each.',
      ];
}

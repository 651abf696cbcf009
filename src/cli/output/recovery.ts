import type { FindingView, ForgottenView, RebuildView, SurveyView } from '../../api/recovery.ts';
import type { VolumeView } from '../../api/views.ts';
import { describeSize } from '../../domain/quantity.ts';
import { table } from './table.ts';
import { volumeTable } from './volumes.ts';

const order: Readonly<Record<FindingView['severity'], number>> = { error: 0, warning: 1, note: 2 };

/** Whether something has to be done. */
export const isAmiss = ({ severity }: FindingView): boolean => severity !== 'note';

/** One section for each volume, node or cluster, those with errors first. Two lines a finding: what it is, what to do. */
function findingSections(findings: readonly FindingView[]): readonly string[] {
  const groups = Map.groupBy(findings, ({ subject }) =>
    subject.kind === 'records' ? 'records' : `${subject.kind} ${subject.name}`,
  );
  return [...groups]
    .map(([title, group]) => ({
      title,
      group: group.toSorted((a, b) => order[a.severity] - order[b.severity]),
      worst: Math.min(...group.map(({ severity }) => order[severity])),
    }))
    .toSorted((a, b) => a.worst - b.worst || a.title.localeCompare(b.title, 'en', { numeric: true }))
    .map(
      ({ title, group }) =>
        `${title}\n${table(['severity', 'finding', 'what it means, and what to do'], group.flatMap(rows))}`,
    );
}

const rows = ({ severity, finding, meaning, remedy }: FindingView): string[][] => [
  [severity, finding.kind, meaning],
  ['', '', `-> ${remedy}`],
];

export function surveyText({ findings, looked }: SurveyView): string {
  const what = `${looked.records} record(s) with ${looked.volumes} volume(s) in gluster and ${looked.devices} device(s)`;
  const amiss = findings.filter(isAmiss).length;
  const verdict =
    amiss === 0 ? `Compared ${what}: they agree.` : `Compared ${what}: ${amiss} finding(s) that need somebody.`;
  return [...findingSections(findings), verdict].join('\n\n');
}

export function rebuildText({ dryRun, volumes, leftAlone, findings, stood }: RebuildView): string {
  const wouldBe = dryRun ? 'Records that would be written' : 'Records written';
  return [
    ...(volumes.length === 0 ? [] : [`${wouldBe}:\n${volumeTable(volumes)}`]),
    ...(leftAlone.length === 0 ? [] : [`Volumes of ours that get no record:\n${leftAloneTable(leftAlone)}`]),
    ...findingSections(findings),
    `${volumes.length} record(s) ${dryRun ? 'to write' : 'written'}; ${stood} stood already and ${dryRun ? 'will not be' : 'were not'} touched.`,
  ].join('\n\n');
}

const leftAloneTable = (rows: RebuildView['leftAlone']): string =>
  table(
    ['cluster', 'volume', 'why'],
    rows.map(({ cluster, name, reason }) => [cluster, name, reason]),
  );

/** What adopting means for this volume. */
export function adoptText(volume: VolumeView): string {
  const counted = volume.bricks.filter(({ external }) => external !== true);
  const outside = volume.bricks.length - counted.length;
  const bricks = table(
    ['set', 'node', 'counted on', 'brick'],
    volume.bricks.map(({ set, node, device, size, external, address }) => [
      String(set),
      node,
      external === true ? 'nothing (external)' : `${device} (${describeSize(size)})`,
      address ?? '-',
    ]),
  );
  const deletion =
    volume.adopted === true
      ? ' Brickyard will never delete it.'
      : ' Its bricks are ours: it will be deleted with its PersistentVolume.';
  return (
    `Volume ${volume.name} (${volume.durability}) in cluster ${volume.cluster}, owner unknown:\n${bricks}\n\n` +
    `${counted.length} brick(s) are counted, ${outside} are on no device of the topology.${deletion}`
  );
}

const inGluster: Readonly<Record<ForgottenView['gluster'], string>> = {
  absent: 'gluster has no such volume',
  ours: 'THE VOLUME STAYS IN GLUSTER with its data, and nobody will look after it',
  other: 'a volume of that name stays in gluster; it does not carry our identity',
  unknown: 'GLUSTER DOES NOT SAY whether it still has the volume',
};

const onNode = { stands: 'stays, its space no longer counted', gone: 'is gone', unknown: 'could not be seen' } as const;

/** What is left when the record is gone. */
export function forgetText({ id, name, record, gluster, bricks }: ForgottenView): string {
  const what = record === 'legible' ? 'record' : 'record (which cannot be read)';
  const rows = bricks.map(({ node, device, brick, state }) => [node, device, brick, onNode[state]]);
  return [
    `Forgetting volume ${name ?? id} removes its ${what} and nothing else:`,
    `- ${inGluster[gluster]}`,
    '- a PersistentVolume that points to it stays in Kubernetes',
    ...(rows.length === 0 ? ['- no brick of it is counted anywhere'] : [table(['node', 'device', 'brick', ''], rows)]),
  ].join('\n');
}

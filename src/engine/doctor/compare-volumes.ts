/** Records against what gluster says, and gluster's volumes against the records. */
import { describeDurability } from '../../domain/durability.ts';
import type { ClusterId } from '../../domain/names.ts';
import { bytes } from '../../domain/quantity.ts';
import type { VolumeOption, VolumeRecord } from '../../domain/volume.ts';
import { brickOfPath, isBrick, matchBricks } from '../brick-match.ts';
import { birthIdentity, hasIdentity, identityOfText, identityOptions, sameIdentity } from '../identity.ts';
import { bricksOf } from '../ledger.ts';
import type { NodeDirectory } from '../node-directory.ts';
import type { GlusterVolume } from '../ports.ts';
import type { Finding, OptionDifference, RecordedVolumeFinding, VolumeNamed } from './api.ts';
import { identify } from './identify.ts';
import type { ClusterSight, Observation } from './observe.ts';
import { standingBricks, volumeIdOf, type Standing } from './record-of.ts';
import type { Known } from './snapshot.ts';

export const named = ({ cluster, id, name }: VolumeRecord): VolumeNamed => ({ cluster, id, name });

/** An option of this name stands for a set of others, which is all that gluster keeps. */
const optionGroup = 'group';

export function compareVolumes(known: Known, seen: Observation, directory: NodeDirectory): readonly Finding[] {
  const { clusters } = seen;
  const standing = standingBricks(seen);
  const recorded = known.steady().flatMap((record) => {
    const sight = clusters.get(record.cluster);
    return sight?.kind === 'seen' ? compareRecord(record, sight, standing, directory) : [];
  });
  const unrecorded = [...clusters].flatMap(([cluster, sight]) =>
    sight.kind === 'seen' ? compareCluster(cluster, sight, standing, known) : [],
  );
  return [...recorded, ...known.records().flatMap(unfinished), ...unrecorded];
}

function unfinished(record: VolumeRecord): readonly Finding[] {
  if (record.phase === 'ready') {
    return [];
  }
  const since = record.phase === 'creating' ? record.createdAt : record.deletingSince;
  const held = bytes(bricksOf(record).reduce((sum, { footprint }) => sum + footprint, 0));
  const { phase } = record;
  return [{ ...named(record), kind: 'volume-unfinished', phase, held, ...(since === undefined ? {} : { since }) }];
}

function compareRecord(
  record: VolumeRecord,
  sight: Extract<ClusterSight, { kind: 'seen' }>,
  standing: Standing,
  directory: NodeDirectory,
): readonly RecordedVolumeFinding[] {
  const volume = sight.volumes.get(record.name);
  if (volume === undefined) {
    return sight.unread.has(record.name) ? [] : [{ ...named(record), kind: 'volume-missing' }];
  }
  const findings: RecordedVolumeFinding[] = [];
  if (volume.status !== 'started') {
    findings.push({ ...named(record), kind: 'volume-stopped', status: volume.status });
  }
  const options = differentOptions(record, volume, standing);
  if (options.length > 0) {
    findings.push({ ...named(record), kind: 'options-differ', options });
  }
  const found = volume.durability ?? 'unknown';
  if (found === 'unknown' || describeDurability(found) !== describeDurability(record.durability)) {
    findings.push({ ...named(record), kind: 'durability-differs', wanted: record.durability, found });
  }
  if (matchBricks(record, volume, directory).kind !== 'same') {
    findings.push({ ...named(record), kind: 'bricks-differ', ...differentBricks(record, volume, directory) });
  }
  return findings;
}

function differentOptions(
  record: VolumeRecord,
  volume: GlusterVolume,
  standing: Standing,
): readonly OptionDifference[] {
  const identity = needsOptions(record, volume, standing) ? identityOptions(record) : [];
  const wanted: readonly VolumeOption[] = [...record.options.filter(({ key }) => key !== optionGroup), ...identity];
  return wanted
    .filter(({ key, value }) => volume.options.get(key) !== value)
    .map(({ key, value }) => {
      const found = volume.options.get(key);
      return { key, wanted: value, ...(found === undefined ? {} : { found }) };
    });
}

/** Without options its bricks have to say what the record says. As long as one is unseen it may be that one that does. */
function needsOptions(record: VolumeRecord, volume: GlusterVolume, standing: Standing): boolean {
  if (record.adopted === true) {
    return false;
  }
  if (hasIdentity(volume.options)) {
    return true;
  }
  const said = identify(volume, standing);
  const wanted = identityOfText(birthIdentity(record) ?? '');
  if (said.kind === 'known') {
    return wanted === undefined || !sameIdentity(said.identity, wanted);
  }
  return said.isComplete || wanted === undefined;
}

function differentBricks(
  record: VolumeRecord,
  volume: GlusterVolume,
  directory: NodeDirectory,
): { readonly added: readonly string[]; readonly gone: readonly string[] } {
  const bricks = record.brickSets.flat();
  const added = volume.bricks
    .filter((address) => !bricks.some((brick) => isBrick(brick, address, directory)))
    .map(({ host, path }) => `${host}:${path}`);
  const gone = bricks
    .filter((brick) => !volume.bricks.some((address) => isBrick(brick, address, directory)))
    .map(({ id, node, path }) => `${directory.get(node)?.storage ?? node}:${path ?? id}`);
  return { added, gone };
}

function compareCluster(
  cluster: ClusterId,
  { volumes, unread, strange }: Extract<ClusterSight, { kind: 'seen' }>,
  standing: Standing,
  known: Known,
): readonly Finding[] {
  return [
    ...[...volumes.values()].flatMap((volume) => unrecorded(cluster, volume, standing, known)),
    ...[...unread].map(([name, reason]): Finding => ({ kind: 'volume-unreadable', cluster, name, reason })),
    ...strange.map((name): Finding => ({ kind: 'volume-foreign', cluster, name })),
  ];
}

function unrecorded(cluster: ClusterId, volume: GlusterVolume, standing: Standing, known: Known): readonly Finding[] {
  const { name } = volume;
  if (known.hasVolume(cluster, name)) {
    return [];
  }
  const said = identify(volume, standing);
  const id = said.kind === 'known' ? said.identity.id : volumeIdIn(volume);
  if (known.isQuarantined(id ?? '')) {
    return [];
  }
  // A second volume with an identity that has a record is somebody's copy of the options.
  if (said.kind === 'known' && !known.hasRecord(said.identity.id)) {
    const { size, owner } = said.identity;
    return [{ kind: 'volume-orphaned', cluster, name, id: said.identity.id, size, owner }];
  }
  return [{ kind: isOurs(volume) ? 'volume-unidentified' : 'volume-foreign', cluster, name }];
}

/** The id that a volume has by its bricks' paths. */
function volumeIdIn(volume: GlusterVolume): string | undefined {
  const brick = volume.bricks.map(({ path }) => brickOfPath(path)).find((id) => id !== undefined);
  return brick === undefined ? undefined : volumeIdOf(brick);
}

/** Whether Brickyard made it, whatever is left of its identity. */
export function isOurs(volume: GlusterVolume): boolean {
  return hasIdentity(volume.options) || volume.bricks.some(({ path }) => brickOfPath(path) !== undefined);
}

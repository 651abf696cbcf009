/** Removing a record and nothing else, after saying what stays behind. */
import {
  NameError,
  volumeName,
  type DeviceName,
  type NodeId,
  type VolumeId,
  type VolumeName,
} from '../../domain/names.ts';
import { done, rejected, type Outcome } from '../../domain/outcome.ts';
import type { BrickLoad } from '../../domain/placement/pool.ts';
import type { VolumeRecord } from '../../domain/volume.ts';
import { bricksOf } from '../ledger.ts';
import type { RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';
import type { Forgotten, ForgetOptions } from './api.ts';
import { isOurs } from './compare-volumes.ts';
import type { Exclusively } from './exclusively.ts';
import { accountOfDoctor, askAbout, listVolumes, lookAtDevice, type DeviceSight } from './observe.ts';

/** As Doctor.forget. */
export function forgetVolume(
  work: VolumeWork,
  exclusively: Exclusively,
  id: VolumeId,
  { dryRun, leaveIt }: Pick<ForgetOptions, 'dryRun' | 'leaveIt'>,
  signals: RunSignals,
): Promise<Outcome<Forgotten>> {
  return exclusively(id, signals, async (own) => {
    const { ledger } = work;
    const record = ledger.volume(id);
    const quarantined = ledger.quarantinedVolume(id);
    if (record === undefined && quarantined === undefined) {
      return rejected(`volume ${id} has no record`);
    }
    const behind = await whatStays(
      work,
      id,
      record,
      record === undefined ? (quarantined?.bricks ?? []) : bricksOf(record),
      own,
    );
    const refusal = leaveIt ? undefined : refusalOf(behind);
    if (refusal !== undefined && !dryRun) {
      return rejected(refusal);
    }
    if (dryRun) {
      return done(behind);
    }
    const removed = record === undefined ? await ledger.removeQuarantined(id) : await ledger.remove(id);
    return removed.kind === 'done' ? done(behind) : removed;
  });
}

/** Why the record is not removed without explicit agreement. */
function refusalOf({ id, name, gluster }: Forgotten): string | undefined {
  switch (gluster) {
    case 'ours':
      return `gluster still has volume ${name ?? id} with Brickyard's identity; add --yes-leave-it to leave it there`;
    case 'unknown':
      return `gluster does not say whether it still has volume ${name ?? id}; add --yes-leave-it to forget it all the same`;
    case 'absent':
    case 'other':
      return undefined;
  }
}

async function whatStays(
  work: VolumeWork,
  id: VolumeId,
  record: VolumeRecord | undefined,
  loads: readonly BrickLoad[],
  signals: RunSignals,
): Promise<Forgotten> {
  const { name, gluster } =
    record === undefined ? await searchById(work, id, signals) : await lookFor(work, record, signals);
  const sights = new Map<string, DeviceSight>();
  const bricks: Forgotten['bricks'][number][] = [];
  for (const { id: brick, node, device } of loads) {
    const place = `${node} ${device}`;
    const sight = sights.get(place) ?? (await lookAt(work, node, device, signals));
    sights.set(place, sight);
    const stands = sight.kind === 'seen' && sight.bricks.some((found) => found.id === brick);
    bricks.push({ node, device, brick, state: sight.kind === 'unseen' ? 'unknown' : stands ? 'stands' : 'gone' });
  }
  const isLegible = record !== undefined;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    record: isLegible ? 'legible' : 'quarantined',
    gluster,
    bricks,
  };
}

type InGluster = Pick<Forgotten, 'name' | 'gluster'>;

async function lookFor(work: VolumeWork, { cluster, name }: VolumeRecord, signals: RunSignals): Promise<InGluster> {
  const info = await askAbout(work, cluster, name, accountOfDoctor(signals));
  if (info.kind !== 'done') {
    return { name, gluster: 'unknown' };
  }
  return { name, gluster: info.value === undefined ? 'absent' : isOurs(info.value) ? 'ours' : 'other' };
}

/** A record that is not legible does not say its name, but every name that we give ends with the id. */
async function searchById(work: VolumeWork, id: VolumeId, signals: RunSignals): Promise<InGluster> {
  const clusters = new Set(work.directory.list().map(({ cluster }) => cluster));
  let isSure = clusters.size > 0;
  for (const cluster of clusters) {
    const listed = await listVolumes(work, cluster, accountOfDoctor(signals));
    if (listed.kind !== 'done') {
      isSure = false;
      continue;
    }
    const found = listed.value.flatMap((text) => (text.endsWith(`_${id}`) ? (legible(text) ?? []) : []));
    for (const name of found) {
      const info = await askAbout(work, cluster, name, accountOfDoctor(signals));
      if (info.kind !== 'done' || info.value !== undefined) {
        return { name, gluster: info.kind === 'done' ? 'ours' : 'unknown' };
      }
    }
  }
  return { gluster: isSure ? 'absent' : 'unknown' };
}

function legible(text: string): VolumeName | undefined {
  try {
    return volumeName(text);
  } catch (error) {
    if (error instanceof NameError) {
      return undefined;
    }
    throw error;
  }
}

async function lookAt(work: VolumeWork, id: NodeId, device: DeviceName, signals: RunSignals): Promise<DeviceSight> {
  const node = work.directory.get(id);
  return node === undefined
    ? { kind: 'unseen', reason: `node ${id} is not in the topology`, silent: false }
    : lookAtDevice(work, node, device, accountOfDoctor(signals));
}

/** Asking gluster how things stand with a volume, before anything is done about it. */
import { done, failed, type Outcome } from '../domain/outcome.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import { matchBricks } from './brick-match.ts';
import type { Account, GlusterSession } from './calls.ts';
import type { GlusterVolume } from './ports.ts';
import type { VolumeWork } from './volume-work.ts';

export interface Seen {
  /** The record, with the paths that gluster names. */
  readonly record: VolumeRecord;
  /** `absent`: gluster says that there is no such volume. */
  readonly volume: 'absent' | GlusterVolume;
  /** How many of the sets by which the volume grows it has already. */
  readonly added: number;
}

/**
 * Looks, and clears away what a plan that was given up has left: a create that landed late, made of bricks of an earlier
 * generation and never started. Any other volume under the name is not touched, and the outcome is `failed`.
 */
export function lookAt(work: VolumeWork, record: VolumeRecord, account: Account): Promise<Outcome<Seen>> {
  return work.calls.inCluster(record.cluster, account, async (gluster): Promise<Outcome<Seen>> => {
    const info = await gluster.run('look', (nodes, context, via) => nodes.volumeInfo(via, record.name, context));
    if (info.kind !== 'done') {
      return info;
    }
    if (info.value === undefined) {
      return record.phase === 'creating'
        ? done({ record, volume: 'absent', added: 0 })
        : failed(`gluster has no volume ${record.name}, which a PersistentVolume may point to; nothing was changed`);
    }
    const match = matchBricks(record, info.value, work.directory);
    switch (match.kind) {
      case 'same':
        return done({ record: match.record, volume: info.value, added: match.added });
      case 'superseded':
        return clearSuperseded(work, record, info.value, gluster);
      case 'foreign':
        return failed(match.reason);
    }
  });
}

async function clearSuperseded(
  work: VolumeWork,
  record: VolumeRecord,
  volume: GlusterVolume,
  gluster: GlusterSession,
): Promise<Outcome<Seen>> {
  if (record.phase !== 'creating' || volume.status !== 'created') {
    return failed(`volume ${record.name} stands in gluster on bricks that were given up, and may be in use`);
  }
  work.settings.log.warn(
    { volume: record.name },
    'deleting what a create left that landed after its plan was given up',
  );
  const deleted = await gluster.run('delete', (nodes, context, via) => nodes.deleteVolume(via, record.name, context));
  return deleted.kind === 'done' ? done({ record, volume: 'absent', added: 0 }) : deleted;
}

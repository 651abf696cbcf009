/** What stands at a path, as the services ask for it. */
import type { Outcome } from '../../domain/outcome.ts';
import type { CallContext, Mounts, Standing } from '../mounts/api.ts';
import { hostPath, mayBe, type HostPath, type VolumeHandle } from '../protocol/grammar.ts';
import { invalid, notFound, refusalOf } from './refusal.ts';

/** The value, or what its lack means to a caller for whom `rejected` has no meaning of its own. Throws Refusal. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw refusalOf(outcome, invalid);
  }
  return outcome.value;
}

/**
 * The mount of the volume at `path`, and that path. Throws Refusal: NOT_FOUND when the volume is not mounted there, which
 * includes that the text is no path at all.
 */
export async function mountedAt(
  mounts: Mounts,
  volume: VolumeHandle,
  path: string,
  context: CallContext,
): Promise<{ readonly place: HostPath; readonly standing: Exclude<Standing, { kind: 'nothing' }> }> {
  const place = placeOf(path);
  const standing = valueOf(await mounts.look(place, context));
  if (standing.kind === 'nothing' || isOther(standing, volume)) {
    throw notFound(`volume_path: expected volume ${volume} to be mounted at ${path}, got ${inWords(standing)}`);
  }
  return { place, standing };
}

/** Is something mounted that is certainly not this volume? */
export function isOther(standing: Standing, volume: VolumeHandle): boolean {
  switch (standing.kind) {
    case 'nothing':
      return false;
    case 'mounted':
      return standing.volume === undefined || !mayBe(volume, standing.volume);
    case 'dead':
      return standing.volume !== undefined && !mayBe(volume, standing.volume);
  }
}

export function inWords(standing: Standing): string {
  switch (standing.kind) {
    case 'nothing':
      return 'nothing';
    case 'mounted':
      return `${standing.volume ?? 'something that is no gluster volume'}${standing.readOnly ? ', read only' : ''}`;
    case 'dead':
      return `a dead mount${standing.volume === undefined ? '' : ` of ${standing.volume}`}`;
  }
}

function placeOf(path: string): HostPath {
  try {
    return hostPath(path, 'volume_path');
  } catch {
    throw notFound(`volume_path: expected an absolute path at which a volume is mounted, got ${JSON.stringify(path)}`);
  }
}

/** From what a request says of a volume to what is to be mounted. */
import { readCsiAttributes, type CsiVolume } from '../../domain/csi-names.ts';
import { NameError } from '../../domain/names.ts';
import type { CallContext, MountWish } from '../mounts/api.ts';
import { mayBe, type VolumeHandle } from '../protocol/grammar.ts';
import type { Servers } from '../servers.ts';
import type { Access } from './access.ts';
import { invalid, refusalOf } from './refusal.ts';

/** Throws Refusal (INVALID_ARGUMENT), naming the attribute. */
export function volumeOf(handle: VolumeHandle, context: Readonly<Record<string, string>>): CsiVolume {
  const volume = read(context);
  if (!mayBe(handle, volume.volume)) {
    throw invalid(`volume_context.volume: expected the volume of ${handle}, got ${volume.volume}`);
  }
  return volume;
}

function read(context: Readonly<Record<string, string>>): CsiVolume {
  try {
    return readCsiAttributes(context, 'volume_context');
  } catch (error) {
    throw error instanceof NameError ? invalid(error.message) : error;
  }
}

/** Asks where the volume is served. Throws Refusal. */
export async function wishOf(
  volume: CsiVolume,
  { options, readOnly }: Access,
  servers: Servers,
  context: CallContext,
): Promise<MountWish> {
  const found = await servers.of(volume, context);
  if (found.kind !== 'done') {
    throw refusalOf(found, invalid);
  }
  return { volume: volume.volume, servers: found.value, options, readOnly };
}

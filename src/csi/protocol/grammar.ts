/** Grammars of what a request names: volumes and paths. Text that fails is answered with NameError. */
import { NameError, volumeId, type VolumeName } from '../../domain/names.ts';

/**
 * What the orchestrator calls the volume: `volumeHandle` of the PersistentVolume. Brickyard writes the volume's id there;
 * in PersistentVolumes that people write for volumes of yesterday it is what they like.
 */
export type VolumeHandle = string & { readonly __brand: 'VolumeHandle' };
/** An absolute path without `.`, `..` or empty segments. */
export type HostPath = string & { readonly __brand: 'HostPath' };

const handleGrammar = /^[a-zA-Z0-9][a-zA-Z0-9._:@-]{0,127}$/;
// eslint-disable-next-line no-control-regex
const pathGrammar = /^(?!.*(?:^|\/)\.\.?(?:\/|$))(?:\/[^\u0000-\u001f\u007f/]+)+$/;
/** As the kernel's PATH_MAX. */
const longestPath = 4095;

export function volumeHandle(text: string, field: string): VolumeHandle {
  if (!handleGrammar.test(text)) {
    throw new NameError(field, 'at most 128 letters, digits, and . _ : @ -', text);
  }
  return text as VolumeHandle;
}

export function hostPath(text: string, field: string): HostPath {
  if (!pathGrammar.test(text) || Buffer.byteLength(text) > longestPath) {
    throw new NameError(field, 'an absolute path without . or .. in it', text);
  }
  return text as HostPath;
}

/** Is it a place in `directory`, and not the directory itself? */
export const isInside = (path: HostPath, directory: HostPath): boolean => path.startsWith(`${directory}/`);

const idInName = /_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * Can the volume that gluster calls `name` be the one of that handle? Names that Brickyard gave end in the volume's id, and
 * so are its handles made. Nothing is known of any other.
 */
export function mayBe(handle: VolumeHandle, name: VolumeName): boolean {
  const [, id] = idInName.exec(name) ?? [];
  return id === undefined || !isId(handle) || id === handle;
}

function isId(text: string): boolean {
  try {
    volumeId(text);
    return true;
  } catch {
    return false;
  }
}

/** What a capability asks for, and what of it there is here. */
import type { Capability } from '../protocol/requests.ts';
import { readMountFlags } from './mount-options.ts';
import { invalid, precondition, type Refusal } from './refusal.ts';

export interface Access {
  /** Mount options, `ro` and `rw` taken out. */
  readonly options: readonly string[];
  /** Nobody on this node is to write: by access mode, or by mount option. */
  readonly readOnly: boolean;
  /** One pod only, Kubernetes' ReadWriteOncePod. */
  readonly exclusive: boolean;
}

const field = 'volume_capability';

/**
 * `beyond` makes the answer to what no volume of Brickyard can do; the contract has another code for it when a volume is
 * expanded. Throws Refusal.
 */
export function accessOf(
  { block, mount, access_mode: { mode } }: Capability,
  beyond: (message: string) => Refusal = precondition,
): Access {
  if (block !== undefined && block !== null) {
    throw beyond(`${field}.block: expected a mount, got a block device; use volumeMode Filesystem`);
  }
  if (mount === undefined || mount === null) {
    throw invalid(`${field}.access_type: expected mount, got nothing`);
  }
  if (mount.fs_type !== '' && mount.fs_type !== 'glusterfs') {
    throw beyond(`${field}.mount.fs_type: expected nothing or glusterfs, got ${JSON.stringify(mount.fs_type)}`);
  }
  if (mount.volume_mount_group !== '') {
    throw invalid(`${field}.mount.volume_mount_group: expected nothing, got a group; the plugin does not offer it`);
  }
  if (mode === 'UNKNOWN') {
    throw invalid(`${field}.access_mode.mode: expected an access mode, got nothing`);
  }
  const { options, readOnly } = readMountFlags(mount.mount_flags, `${field}.mount.mount_flags`);
  return {
    options,
    // Whatever the options say, a volume for readers is not written to.
    readOnly: readOnly || mode === 'SINGLE_NODE_READER_ONLY' || mode === 'MULTI_NODE_READER_ONLY',
    exclusive: mode === 'SINGLE_NODE_SINGLE_WRITER',
  };
}

/** The few failures of LVM's that mean something to us. All exit 5; the words tell them apart. */
import type { Exited } from '../../runner.ts';

const says =
  (pattern: RegExp) =>
  ({ exitCode, stderr }: Exited): boolean =>
    exitCode !== 0 && pattern.test(stderr);

export const groupMissing = says(/Volume group "?[^"\s]+"? not found/);
export const volumeMissing = says(/Failed to find logical volume/);
export const volumeExists = says(/already exists in (?:Volume|volume) group/);
/** `lvextend` to a size that it has already. */
export const sameSize = says(/matches existing size/);
/** A pool's data or metadata is active by itself: LVM then neither activates nor extends anything of the pool. */
export const partActive = says(/is prohibited while logical volume \S+ is active|with active component LV/);
/** The kernel's pool runs, which LVM does not see, and holds the parts that LVM would put to sleep. */
export const poolHalfActive = says(/Cannot deactivate subvolume \S+ of logical volume/);
/** The kernel's pool has no such volume, whatever LVM's own records say. */
export const unbornVolume = says(/reload ioctl on .* failed: No data available/);
export const noSpace = says(/[Ii]nsufficient (?:free space|suitable (?:allocatable|contiguous))/);

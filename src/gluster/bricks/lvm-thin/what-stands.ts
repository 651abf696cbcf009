/** Is what stands under a brick's names really that brick? Asked before anything is used again or destroyed. */
import { rejected, type Setback } from '../../../domain/outcome.ts';
import { bytes, type Bytes } from '../../../domain/quantity.ts';
import type { BrickSpec } from '../../../engine/ports.ts';
import { lvReportOf } from './argv.ts';
import type { Errand } from '../../errand.ts';
import { brickIdOfTags, identityOfTags, type BrickPlace } from './names.ts';
import { readVolumes } from './report.ts';
import { groupMissing } from './failures.ts';

export type Standing =
  /** The device's volume group is not there: not prepared, replaced, or unplugged. */
  | { readonly kind: 'no-device' }
  | { readonly kind: 'nothing' }
  /** The pool is ours, or what was to become one, but its thin volume is missing: an lvcreate that was cut off. */
  | { readonly kind: 'pool'; readonly others: readonly string[] }
  /** Bytes of the thin volume, of its pool, and of the pool's metadata. */
  | {
      readonly kind: 'brick';
      readonly size: Bytes;
      readonly pool: Bytes;
      readonly metadata: Bytes;
      /** What its pool says of its volume. */
      readonly identity: string | undefined;
      /** Snapshots of it, and clones: whatever else its pool holds. */
      readonly others: readonly string[];
    };

export async function whatStands(errand: Errand, place: BrickPlace, brick: BrickSpec): Promise<Standing | Setback> {
  const command = lvReportOf(place);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (groupMissing(exited)) {
    return { kind: 'no-device' };
  }
  if (exited.exitCode !== 0) {
    return errand.failure(command, exited);
  }
  const rows = errand.read(() => readVolumes(exited.stdout));
  if (rows.kind !== 'read') {
    return rows;
  }
  if (rows.value.length === 0) {
    return { kind: 'nothing' };
  }
  // LVM hangs the tags of a combined lvcreate on the pool; `lvchange` by hand may have put them on the volume.
  const owner = brickIdOfTags(rows.value.flatMap(({ lv_tags }) => lv_tags));
  if (owner !== brick.id) {
    return rejected(
      `${errand.node.id}: ${place.group}/${place.pool} stands but does not carry the tag of brick ${brick.id}` +
        (owner === undefined ? '' : ` (it carries that of ${owner})`),
    );
  }
  const volume = rows.value.find(({ lv_name }) => lv_name === place.volume);
  const pool = rows.value.find(({ lv_name }) => lv_name === place.pool);
  const others = rows.value
    .filter(({ pool_lv, lv_name }) => pool_lv === place.pool && lv_name !== place.volume)
    .map(({ lv_name }) => lv_name);
  return volume === undefined
    ? { kind: 'pool', others }
    : {
        kind: 'brick',
        size: volume.lv_size,
        pool: pool?.lv_size ?? bytes(0),
        metadata: pool?.lv_metadata_size ?? bytes(0),
        identity: identityOfTags(pool?.lv_tags ?? []),
        others,
      };
}

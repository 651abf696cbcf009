/** What a volume would be like, of which nobody says yet whose it is: for asking whether and where it would fit. */
import { z } from 'zod';
import { durabilityProblem, durabilitySchema, describeDurability } from './durability.ts';
import { describeRule } from './placement/request.ts';
import { tagRule, zoneSpread } from './placement-rules.ts';
import { bytes, describeSize, GiB } from './quantity.ts';
import { byteSize } from './schema.ts';
import { zoneName, zoneNameShape } from './topology.ts';

const zones = z.array(z.string().regex(zoneName, `expected ${zoneNameShape}`)).default([]);

export const volumeShape = z.strictObject({
  /** Usable bytes, at least 1. */
  size: byteSize.refine((size) => size >= 1, 'expected a size above 0, got 0'),
  durability: durabilitySchema.superRefine((durability, context) => {
    const problem = durabilityProblem(durability);
    if (problem !== undefined) {
      context.addIssue(problem);
    }
  }),
  /** Thin pool size as a multiple of brick size. */
  snapshotFactor: z.number('expected a number from 1 to 100').min(1).max(100).default(1),
  zoneSpread: zoneSpread.default('prefer'),
  /** The only zones that bricks may go to, as a class's allowedTopologies say. Empty: all. */
  allowedZones: zones,
  /** As the zone of a pod that waits for the claim: gets one data brick of each set where there is room. */
  preferredZones: zones,
  /** Tag rules that a device must keep to, all of them. */
  tagMatch: z.array(z.strictObject(tagRule.shape)).default([]),
});
export type VolumeShape = z.infer<typeof volumeShape>;

/** What capacity is counted in when nobody says otherwise: 10 GiB, replicate 3. */
export const usualShape: VolumeShape = {
  size: bytes(10 * GiB),
  durability: { kind: 'replicate', count: 3 },
  snapshotFactor: 1,
  zoneSpread: 'prefer',
  allowedZones: [],
  preferredZones: [],
  tagMatch: [],
};

/** `10 GiB, replicate 3`, and whatever differs from what is usual. */
export function describeShape(shape: VolumeShape): string {
  return [
    describeSize(shape.size),
    describeDurability(shape.durability),
    ...(shape.snapshotFactor === 1 ? [] : [`snapshot factor ${shape.snapshotFactor}`]),
    ...(shape.zoneSpread === 'prefer' ? [] : [`zone spread ${shape.zoneSpread}`]),
    ...(shape.allowedZones.length === 0 ? [] : [`only in ${shape.allowedZones.join(', ')}`]),
    ...(shape.preferredZones.length === 0 ? [] : [`preferably in ${shape.preferredZones.join(', ')}`]),
    ...shape.tagMatch.map(describeRule),
  ].join(', ');
}

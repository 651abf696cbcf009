/** What a volume's bricks have to keep to wherever they go, now and whenever the volume grows. */
import { z } from 'zod';

/** `prefer`: spread a set over zones as far as they go; `require`: refuse otherwise; `off`: nodes only. */
export const zoneSpread = z.enum(['prefer', 'require', 'off']);
export type ZoneSpread = z.infer<typeof zoneSpread>;

/** Keys and values have the grammar that tags have in a topology. */
export const tagRule = z.object({
  key: z.string().regex(/^[a-zA-Z0-9_.-]{1,32}$/, 'expected 1 to 32 letters, digits, _ . and -'),
  op: z.enum(['=', '!=']),
  value: z.string().regex(/^[a-zA-Z0-9_.:/-]{0,64}$/, 'expected at most 64 letters, digits, _ . : / and -'),
});

/** A device is eligible when its tag `key` is (`=`) or is not (`!=`) `value`. A missing tag reads as the empty text. */
export type TagRule = Readonly<z.infer<typeof tagRule>>;

export const placementRules = z.object({
  zoneSpread: zoneSpread.default('prefer'),
  /** Zones of which each set gets one data brick where there is room. Never a reason to refuse. */
  preferredZones: z.array(z.string()).default([]),
  /** The only zones that bricks may go to. Empty: all. */
  allowedZones: z.array(z.string()).default([]),
  /** Rules for the tags of devices; all of them must hold. */
  tagMatch: z.array(tagRule).default([]),
});

export interface PlacementRules {
  readonly zoneSpread: ZoneSpread;
  readonly preferredZones: readonly string[];
  readonly allowedZones: readonly string[];
  readonly tagMatch: readonly TagRule[];
}

/** What counts when nobody says anything. */
export const usualRules: PlacementRules = { zoneSpread: 'prefer', preferredZones: [], allowedZones: [], tagMatch: [] };

/** As a record keeps them: a copy, and nothing when they are the usual ones. */
export function recordedRules(rules: Partial<PlacementRules>): z.infer<typeof placementRules> | undefined {
  const { zoneSpread: spread, preferredZones, allowedZones, tagMatch } = { ...usualRules, ...rules };
  const isUsual = spread === 'prefer' && [preferredZones, allowedZones, tagMatch].every((list) => list.length === 0);
  return isUsual
    ? undefined
    : {
        zoneSpread: spread,
        preferredZones: [...preferredZones],
        allowedZones: [...allowedZones],
        tagMatch: tagMatch.map((rule) => ({ ...rule })),
      };
}

/** LVM's JSON reports: every value is text, sizes are bytes because the command line asked for it. */
import { z } from 'zod';
import { bytes } from '../../../domain/quantity.ts';
import { parseJson } from '../../json.ts';

const size = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => bytes(Number(text)));
const tags = z.string().transform((text) => (text === '' ? [] : text.split(',')));

const group = z.object({ vg_name: z.string(), vg_size: size, vg_free: size, vg_extent_size: size, vg_tags: tags });
export type GroupRow = z.infer<typeof group>;

/** `lv_name` of a hidden volume stands in brackets. `lv_metadata_size`, where it was asked for, is of pools alone. */
const volume = z.object({
  lv_name: z.string(),
  lv_size: size,
  lv_metadata_size: size.or(z.literal('').transform(() => undefined)).optional(),
  pool_lv: z.string(),
  lv_tags: tags,
});
export type VolumeRow = z.infer<typeof volume>;

const physical = z.object({ pv_name: z.string(), vg_name: z.string(), vg_tags: tags });
export type PhysicalRow = z.infer<typeof physical>;

/** One part per command, and in it one list, called after the kind of its rows. */
const reportOf = <T extends z.ZodType>(row: T): z.ZodType<readonly z.infer<T>[]> =>
  z
    .object({ report: z.array(z.record(z.string(), z.array(row))) })
    .transform(({ report }) => report.flatMap((part) => Object.values(part).flat()));

const groups = reportOf(group);
const volumes = reportOf(volume);
const physicals = reportOf(physical);

/** Each throws ReportError when the text is no such report. */
export const readGroups = (text: string): readonly GroupRow[] => parseJson('vgs', text, groups);
export const readVolumes = (text: string): readonly VolumeRow[] => parseJson('lvs', text, volumes);
export const readPhysicalVolumes = (text: string): readonly PhysicalRow[] => parseJson('pvs', text, physicals);

/** `vgs`, `lvs`, `pvs` with --reportformat json. */
import type { LogicalVolume, VolumeGroup } from '../lvm.ts';
import { complaint, printed, textOf, wordsOf, type Tool, type Words } from './tool.ts';
import { groupNotFound, groupOn } from './lvm-tools.ts';

type Row = Readonly<Record<string, string>>;

const options = {
  reportformat: { type: 'string' },
  units: { type: 'string' },
  nosuffix: { type: 'boolean' },
  options: { type: 'string' },
  all: { type: 'boolean' },
  select: { type: 'string' },
} as const;

/** The fields asked for, of rows that have them all; `undefined` when a field is none that the simulation knows. */
function report(kind: 'vg' | 'lv' | 'pv', words: Words, rows: readonly Row[]): string | undefined {
  const fields = (textOf(words, 'options') ?? '').split(',');
  const cut = rows.map((row) => Object.fromEntries(fields.map((field) => [field, row[field]])));
  const known = cut.every((row) => Object.values(row).every((value) => value !== undefined));
  return known ? JSON.stringify({ report: [{ [kind]: cut }], log: [] }, undefined, 4) : undefined;
}

/** Only the form that gives plain bytes. */
function reportWords(words: readonly string[]): Words | undefined {
  const parsed = wordsOf(words, options);
  const plain =
    parsed?.values['reportformat'] === 'json' && parsed.values['units'] === 'b' && parsed.values['nosuffix'] === true;
  return plain && parsed?.positionals.length === 1 ? parsed : undefined;
}

/** In LVM's order. */
const tagsOf = ({ tags }: { readonly tags: readonly string[] }): string =>
  tags.toSorted((one, other) => (one < other ? -1 : 1)).join(',');

const groupRow = (group: VolumeGroup): Row => ({
  vg_name: group.name,
  vg_size: String(group.size * group.extent),
  vg_free: String(group.free * group.extent),
  vg_extent_size: String(group.extent),
  vg_tags: tagsOf(group),
});

export const vgs: Tool = (machine, words) => {
  const parsed = reportWords(words);
  const [name = ''] = parsed?.positionals ?? [];
  if (parsed === undefined) {
    return undefined;
  }
  const group = machine.groups.get(name);
  if (group === undefined) {
    return groupNotFound(name);
  }
  const text = report('vg', parsed, [groupRow(group)]);
  return text === undefined ? undefined : printed(text);
};

function rowsOf(volume: LogicalVolume, group: VolumeGroup, all: boolean): readonly Row[] {
  const bytes = (extents: number): string => String(extents * group.extent);
  const lv_tags = tagsOf(volume);
  if (volume.kind === 'thin') {
    return [{ lv_name: volume.name, lv_size: bytes(volume.size), lv_metadata_size: '', pool_lv: volume.pool, lv_tags }];
  }
  const shown: Row = {
    lv_name: volume.name,
    lv_size: bytes(volume.data),
    lv_metadata_size: bytes(volume.metadata),
    pool_lv: '',
    lv_tags,
  };
  return all
    ? [
        shown,
        hidden(`${volume.name}_tdata`, volume.data * group.extent),
        hidden(`${volume.name}_tmeta`, volume.metadata * group.extent),
      ]
    : [shown];
}

const hidden = (name: string, bytes: number): Row => ({
  lv_name: `[${name}]`,
  lv_size: String(bytes),
  lv_metadata_size: '',
  pool_lv: '',
  lv_tags: '',
});

const onlySpare = 'lv_role=spare';

/** `lv_name=a||pool_lv=b` and so on: with `onlySpare` the only forms of selection that anybody here uses. */
function selected(text: string, group: VolumeGroup): readonly LogicalVolume[] | undefined {
  const found: (readonly LogicalVolume[] | undefined)[] = text.split('||').map((term) => {
    const [, field, name = ''] = /^(lv_name|pool_lv)=([a-z0-9_]+)$/.exec(term) ?? [];
    const named = group.find(name);
    switch (field) {
      case 'lv_name':
        return named === undefined ? [] : [named];
      case 'pool_lv':
        return group.volumesIn(name);
      default:
        return undefined;
    }
  });
  return found.every((part) => part !== undefined) ? [...new Set(found.flat())] : undefined;
}

export const lvs: Tool = (machine, words) => {
  const parsed = reportWords(words);
  const select = parsed === undefined ? undefined : textOf(parsed, 'select');
  const [name = ''] = parsed?.positionals ?? [];
  if (parsed === undefined) {
    return undefined;
  }
  const group = machine.groups.get(name);
  if (group === undefined) {
    return groupNotFound(name);
  }
  const volumes = select === undefined ? group.volumes : select === onlySpare ? [] : selected(select, group);
  if (volumes === undefined) {
    return undefined;
  }
  const all = parsed.values['all'] === true;
  const spare =
    all && group.spare > 0 && (select === undefined || select === onlySpare)
      ? [hidden('lvol0_pmspare', group.spare * group.extent)]
      : [];
  const text = report('lv', parsed, [...spare, ...volumes.flatMap((volume) => rowsOf(volume, group, all))]);
  return text === undefined ? undefined : printed(text);
};

export const pvs: Tool = (machine, words) => {
  const parsed = reportWords(words);
  const [device = ''] = parsed?.positionals ?? [];
  if (parsed === undefined) {
    return undefined;
  }
  if (machine.disks.get(device)?.signature !== 'LVM2_member') {
    return complaint(5, `  Failed to find physical volume "${device}".`);
  }
  const group = groupOn(machine, device);
  const row = { pv_name: device, vg_name: group?.name ?? '', vg_tags: group === undefined ? '' : tagsOf(group) };
  const text = report('pv', parsed, [row]);
  return text === undefined ? undefined : printed(text);
};

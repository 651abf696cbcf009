/** `pvcreate`, `vgcreate`, `lvcreate`, `lvremove`. */
import type { Machine } from '../machine.ts';
import { physicalVolumeHead, VolumeGroup } from '../lvm.ts';
import { complaint, silent, textOf, textsOf, wordsOf, type Tool, type ToolResult, type Words } from './tool.ts';

const text = { type: 'string' } as const;
const quiet = { quiet: { type: 'boolean', multiple: true } } as const;
/** What LVM takes for a tag. */
const tagGrammar = /^[A-Za-z0-9_+.][A-Za-z0-9_+./=!:&#-]{0,1023}$/;
const addtag = { addtag: { type: 'string', multiple: true } } as const;

/** `4194304b` or `128M` in bytes. */
export function sizeOf(word: string | undefined): number | undefined {
  const match = /^(\d+)([bKMG])$/.exec(word ?? '');
  const unit = { b: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

export const pvcreate: Tool = (machine, words) => {
  const parsed = wordsOf(words, { ...quiet, metadatasize: text, dataalignment: text });
  const [device, ...rest] = parsed?.positionals ?? [];
  if (parsed === undefined || device === undefined || rest.length > 0) {
    return undefined;
  }
  const disk = machine.disks.get(device);
  if (disk === undefined) {
    return complaint(5, `  No device found for ${device}.`);
  }
  if (disk.mountpoint !== undefined) {
    return complaint(5, `  Can't open ${device} exclusively.  Mounted filesystem?`);
  }
  if ([...machine.groups.values()].some((group) => group.disk === device)) {
    return complaint(
      5,
      `  Can't initialize physical volume "${device}" of volume group "${groupOn(machine, device)?.name ?? ''}" without -ff\n  ${device}: physical volume not initialized.`,
    );
  }
  if (disk.signature !== undefined && disk.signature !== 'LVM2_member') {
    // Quiet twice answers the question whether to wipe it with no.
    return complaint(5, `  Aborted wiping of ${disk.signature}.\n  1 existing signature left on the device.`);
  }
  disk.signature = 'LVM2_member';
  return silent;
};

export const vgcreate: Tool = (machine, words) => {
  const parsed = wordsOf(words, { ...quiet, ...addtag, physicalextentsize: text });
  const [name, device, ...rest] = parsed?.positionals ?? [];
  const extent = parsed === undefined ? undefined : sizeOf(textOf(parsed, 'physicalextentsize'));
  if (parsed === undefined || name === undefined || device === undefined || extent === undefined || rest.length > 0) {
    return undefined;
  }
  if (machine.groups.has(name)) {
    return complaint(5, `  A volume group called ${name} already exists.`);
  }
  const disk = machine.disks.get(device);
  if (disk?.signature !== 'LVM2_member') {
    return complaint(5, `  Physical volume ${device} not found`);
  }
  if ([...machine.groups.values()].some((group) => group.disk === device)) {
    const other = groupOn(machine, device)?.name ?? '';
    return complaint(
      5,
      `  Physical volume '${device}' is already in volume group '${other}'\n  Unable to add physical volume '${device}' to volume group '${other}'\n  ${device}: physical volume not initialized.`,
    );
  }
  const extents = Math.floor((disk.size - physicalVolumeHead) / extent);
  if (extents < 1) {
    return complaint(5, `  Insufficient space on ${device} for a volume group`);
  }
  machine.groups.set(name, new VolumeGroup(name, device, extent, extents, textsOf(parsed, 'addtag')));
  return silent;
};

export const lvchange: Tool = (machine, words) => {
  const parsed = wordsOf(words, { ...quiet, ...addtag, deltag: { type: 'string', multiple: true }, activate: text });
  const targets = parsed?.positionals ?? [];
  const mode = parsed === undefined ? undefined : textOf(parsed, 'activate');
  if (parsed !== undefined && mode === undefined) {
    return retag(machine, parsed);
  }
  if ((mode !== 'y' && mode !== 'n') || targets.length === 0) {
    return undefined;
  }
  const answers = targets.map((target) => (mode === 'y' ? activate(machine, target) : deactivatePart(machine, target)));
  return answers.find((answer) => answer !== silent) ?? silent;
};

function retag(machine: Machine, words: Words): ToolResult | undefined {
  const [target = '', ...rest] = words.positionals;
  const added = textsOf(words, 'addtag');
  if (rest.length > 0 || added.length === 0 || !added.every((tag) => tagGrammar.test(tag))) {
    return undefined;
  }
  const [groupName = '', name = ''] = target.split('/');
  const volume = machine.groups.get(groupName)?.find(name);
  if (volume === undefined) {
    return notFound(machine, groupName, name);
  }
  const gone = new Set([...textsOf(words, 'deltag'), ...added]);
  volume.tags = [...volume.tags.filter((tag) => !gone.has(tag)), ...added];
  return silent;
}

function activate(machine: Machine, target: string): ToolResult {
  const [groupName = '', name = ''] = target.split('/');
  const volume = machine.groups.get(groupName)?.find(name);
  if (volume?.kind === 'thin') {
    volume.active = true;
  }
  return volume === undefined ? notFound(machine, groupName, name) : silent;
}

/** Parts of a pool are never active by themselves here: nobody kills a simulated LVM half-way. */
function deactivatePart(machine: Machine, target: string): ToolResult | undefined {
  const [groupName = '', part = ''] = target.split('/');
  const pool = /^(.*)_t(?:meta|data)$/.exec(part)?.[1];
  if (pool === undefined) {
    return undefined;
  }
  return machine.groups.get(groupName)?.find(pool) === undefined ? notFound(machine, groupName, part) : silent;
}

const notFound = (machine: Machine, group: string, name: string): ToolResult =>
  machine.groups.has(group) ? complaint(5, `  Failed to find logical volume "${group}/${name}"`) : groupNotFound(group);

export const lvcreate: Tool = (machine, words) => {
  const parsed = wordsOf(words, {
    ...quiet,
    ...addtag,
    thin: { type: 'boolean' },
    chunksize: text,
    size: text,
    poolmetadatasize: text,
    virtualsize: text,
    name: text,
  });
  const [target, ...rest] = parsed?.positionals ?? [];
  const [groupName, poolName] = target?.split('/') ?? [];
  const name = parsed === undefined ? undefined : textOf(parsed, 'name');
  const virtual = parsed === undefined ? undefined : sizeOf(textOf(parsed, 'virtualsize'));
  if (
    parsed?.values['thin'] !== true ||
    groupName === undefined ||
    poolName === undefined ||
    name === undefined ||
    virtual === undefined ||
    rest.length > 0 ||
    !textsOf(parsed, 'addtag').every((tag) => tagGrammar.test(tag))
  ) {
    return undefined;
  }
  const group = machine.groups.get(groupName);
  if (group === undefined) {
    return groupNotFound(groupName);
  }
  const refusal = textOf(parsed, 'size') === undefined ? undefined : createPool(group, poolName, parsed);
  return refusal ?? createVolume(group, poolName, name, virtual, parsed);
};

/** The tags go to whichever volume is made first, which is the pool: LVM has used them up by then. */
function createPool(group: VolumeGroup, name: string, words: Words): ToolResult | undefined {
  if (group.find(name) !== undefined) {
    return complaint(5, `  Logical volume ${name} already exists in Volume group ${group.name}.`);
  }
  const data = group.extentsOf(sizeOf(textOf(words, 'size')) ?? 0);
  const metadata = group.extentsOf(sizeOf(textOf(words, 'poolmetadatasize')) ?? 0);
  // The spare has grown before LVM looks what is left.
  const free = group.free - Math.max(0, metadata - group.spare);
  if (data > free) {
    return complaint(
      5,
      `  Volume group "${group.name}" has insufficient free space (${free} extents): ${data} required.`,
    );
  }
  if (data + metadata > free) {
    return complaint(5, `  Insufficient free space: ${data + metadata} extents needed, but only ${free} available`);
  }
  group.add({ kind: 'thin-pool', name, data, metadata, tags: textsOf(words, 'addtag') });
  return undefined;
}

function createVolume(group: VolumeGroup, pool: string, name: string, virtual: number, words: Words): ToolResult {
  if (group.find(pool)?.kind !== 'thin-pool') {
    return complaint(5, `  Pool ${pool} not found in Volume group ${group.name}.`);
  }
  if (group.find(name) !== undefined) {
    return complaint(5, `  Logical Volume "${name}" already exists in volume group "${group.name}"`);
  }
  const tags = textOf(words, 'size') === undefined ? textsOf(words, 'addtag') : [];
  group.add({ kind: 'thin', name, pool, size: group.extentsOf(virtual), tags, active: true, fileSystem: undefined });
  return silent;
}

export const lvremove: Tool = (machine, words) => {
  const parsed = wordsOf(words, { ...quiet, yes: { type: 'boolean' } });
  const [target, ...rest] = parsed?.positionals ?? [];
  const [groupName, name] = target?.split('/') ?? [];
  if (parsed === undefined || groupName === undefined || name === undefined || rest.length > 0) {
    return undefined;
  }
  const group = machine.groups.get(groupName);
  if (group === undefined) {
    return groupNotFound(groupName);
  }
  const volume = group.find(name);
  if (volume === undefined) {
    return complaint(5, `  Failed to find logical volume "${groupName}/${name}"`);
  }
  if (parsed.values['yes'] !== true) {
    // Quiet twice answers "Do you really want to remove" with no.
    return complaint(5, `  Logical volume ${groupName}/${name} not removed.`);
  }
  const victims = volume.kind === 'thin' ? [volume] : group.volumesIn(name);
  const busy = victims.find((victim) => machine.isMounted(victim));
  if (busy !== undefined) {
    return complaint(5, `  Logical volume ${groupName}/${busy.name} contains a filesystem in use.`);
  }
  group.remove(volume);
  return silent;
};

export const groupNotFound = (name: string): ToolResult =>
  complaint(5, `  Volume group "${name}" not found\n  Cannot process volume group ${name}`);

/** The group of a disk, if any. */
export const groupOn = (machine: Machine, disk: string): VolumeGroup | undefined =>
  [...machine.groups.values()].find((group) => group.disk === disk);

/** `lsblk`, `wipefs`, `blkid`: what stands on a block device. */
import { complaint, printed, silent, wordsOf, type Tool } from './tool.ts';
import { groupOn } from './lvm-tools.ts';

const flag = { type: 'boolean' } as const;
const text = { type: 'string' } as const;

export const lsblk: Tool = (machine, words) => {
  const parsed = wordsOf(words, { json: flag, bytes: flag, paths: flag, output: text });
  const [device, ...rest] = parsed?.positionals ?? [];
  if (parsed?.values['output'] !== 'NAME,TYPE,SIZE,MOUNTPOINT,SERIAL' || device === undefined || rest.length > 0) {
    return undefined;
  }
  const disk = machine.disks.get(device);
  if (disk === undefined) {
    return complaint(32, `lsblk: ${device}: not a block device`);
  }
  const group = groupOn(machine, device);
  const children = (group?.active ?? []).map(({ name }) => ({
    name: `/dev/mapper/${group?.name ?? ''}-${name}`,
    type: 'lvm',
    size: 0,
    mountpoint: null,
  }));
  return printed(
    JSON.stringify({
      blockdevices: [
        {
          name: device,
          type: 'disk',
          size: disk.size,
          mountpoint: disk.mountpoint ?? null,
          serial: disk.serial ?? null,
          ...(children.length > 0 ? { children } : {}),
        },
      ],
    }),
  );
};

export const wipefs: Tool = (machine, words) => {
  const parsed = wordsOf(words, { json: flag, 'no-act': flag, all: flag, force: flag });
  const [device, ...rest] = parsed?.positionals ?? [];
  if (parsed === undefined || device === undefined || rest.length > 0) {
    return undefined;
  }
  const disk = machine.disks.get(device);
  if (disk === undefined) {
    return complaint(1, `wipefs: error: ${device}: probing initialization failed: No such file or directory`);
  }
  if (parsed.values['json'] === true && parsed.values['no-act'] === true) {
    const signatures =
      disk.signature === undefined
        ? []
        : [{ device: device.slice('/dev/'.length), offset: '0x218', type: disk.signature, uuid: null, label: null }];
    return printed(JSON.stringify({ signatures }));
  }
  if (parsed.values['all'] !== true) {
    return undefined;
  }
  if (disk.mountpoint !== undefined || (groupOn(machine, device)?.active.length ?? 0) > 0) {
    return complaint(1, `wipefs: error: ${device}: probing initialization failed: Device or resource busy`);
  }
  const group = groupOn(machine, device);
  if (group !== undefined) {
    machine.groups.delete(group.name);
  }
  disk.signature = undefined;
  return silent;
};

export const blkid: Tool = (machine, words) => {
  const [device, ...rest] = words.toReversed();
  if (device === undefined || rest.toReversed().join(' ') !== '-p -s TYPE -o value') {
    return undefined;
  }
  const type = machine.volumeAt(device)?.fileSystem?.type;
  return type === undefined ? { exitCode: 2, stdout: '', stderr: '' } : printed(`${type}\n`);
};

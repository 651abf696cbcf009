/** Directories, attributes, file systems and mounts. */
import { FileSystem, ImageFile } from '../files.ts';
import { complaint, printed, silent, textOf, wordsOf, type Tool } from './tool.ts';

const text = { type: 'string' } as const;

/** The one operand of a command that takes no options. */
const single = (words: readonly string[]): string | undefined =>
  words.length === 1 && words[0]?.startsWith('/') === true ? words[0] : undefined;

export const mkdir: Tool = (machine, words) => {
  const [flag, ...others] = words;
  const path = single(others[0] === '--mode=0700' ? others.slice(1) : others);
  if (flag !== '--parents' || path === undefined) {
    return undefined;
  }
  machine.files.make(path);
  return silent;
};

export const rmdir: Tool = (machine, words) => {
  const path = single(words);
  if (path === undefined) {
    return undefined;
  }
  const complain = (why: string) => complaint(1, `rmdir: failed to remove '${path}': ${why}`);
  const directory = machine.files.find(path);
  if (directory === undefined) {
    return complain('No such file or directory');
  }
  if (machine.files.mountAt(path) !== undefined) {
    return complain('Device or resource busy');
  }
  if (directory.children.size > 0) {
    return complain('Directory not empty');
  }
  machine.files.remove(path);
  return silent;
};

export const install: Tool = (machine, words) => {
  const parsed = wordsOf(words, { directory: { type: 'boolean' }, group: text, mode: text });
  const gid = parsed === undefined ? undefined : textOf(parsed, 'group');
  const mode = parsed === undefined ? undefined : textOf(parsed, 'mode');
  const path = single(parsed?.positionals ?? []);
  if (parsed?.values['directory'] !== true || path === undefined || !/^[0-7]{4}$/.test(mode ?? '')) {
    return undefined;
  }
  const directory = machine.files.make(path);
  directory.gid = Number(gid);
  directory.mode = Number.parseInt(mode ?? '', 8);
  return silent;
};

export const stat: Tool = (machine, [format, ...rest]) => {
  const path = single(rest);
  if (format !== '--format=%g %a' || path === undefined) {
    return undefined;
  }
  const directory = machine.files.find(path);
  return directory === undefined
    ? complaint(1, `stat: cannot statx '${path}': No such file or directory`)
    : printed(`${directory.gid} ${directory.mode.toString(8)}\n`);
};

export const getfattr: Tool = (machine, words) => {
  const parsed = wordsOf(words, { 'absolute-names': { type: 'boolean' }, encoding: text, name: text });
  const path = single(parsed?.positionals ?? []);
  const name = parsed === undefined ? undefined : textOf(parsed, 'name');
  if (parsed === undefined || path === undefined || name === undefined) {
    return undefined;
  }
  const directory = machine.files.find(path);
  if (directory === undefined) {
    return complaint(1, `getfattr: ${path}: No such file or directory`);
  }
  const value = directory.attributes.get(name);
  return value === undefined
    ? complaint(1, `${path}: ${name}: No such attribute`)
    : printed(`# file: ${path}\n${name}=0x${value.replaceAll('-', '')}\n\n`);
};

export const setfattr: Tool = (machine, [flag, attribute, ...rest]) => {
  const path = single(rest);
  if (flag !== '--remove' || attribute === undefined || path === undefined) {
    return undefined;
  }
  const directory = machine.files.find(path);
  if (directory === undefined) {
    return complaint(1, `setfattr: ${path}: No such file or directory`);
  }
  return directory.attributes.delete(attribute) ? silent : complaint(1, `setfattr: ${path}: No such attribute`);
};

export const rm: Tool = (machine, [first, ...others]) => {
  if (first === '--force') {
    others.forEach((path) => machine.files.remove(path));
    return others.every((path) => path.startsWith('/')) ? silent : undefined;
  }
  const [force, ...rest] = others;
  const path = single(rest);
  if (first !== '--recursive' || force !== '--force' || path === undefined) {
    return undefined;
  }
  machine.files.remove(path);
  return silent;
};

export const mkfsXfs: Tool = (machine, words) => {
  const parsed = wordsOf(words, {
    q: { type: 'boolean', short: 'q' },
    f: { type: 'boolean', short: 'f' },
    i: { ...text, short: 'i' },
    n: { ...text, short: 'n' },
  });
  const [device, ...rest] = parsed?.positionals ?? [];
  const inodes = parsed === undefined ? undefined : textOf(parsed, 'i');
  if (
    parsed === undefined ||
    device === undefined ||
    rest.length > 0 ||
    !/^size=512(,maxpct=100)?$/.test(inodes ?? '')
  ) {
    return undefined;
  }
  const volume = machine.storeAt(device);
  if (volume === undefined) {
    return complaint(1, `Error accessing specified device ${device}: No such file or directory`);
  }
  if (volume.fileSystem !== undefined && parsed.values['f'] !== true) {
    return complaint(
      1,
      `mkfs.xfs: ${device} appears to contain an existing filesystem (${volume.fileSystem.type}).\n` +
        'mkfs.xfs: Use the -f option to force overwrite.',
    );
  }
  volume.fileSystem = new FileSystem('xfs', device, volume.size);
  return silent;
};

export const mount: Tool = (machine, words) => {
  const parsed = wordsOf(words, { types: text, options: text });
  const [device, target, ...rest] = parsed?.positionals ?? [];
  if (parsed?.values['types'] !== 'xfs' || device === undefined || target === undefined || rest.length > 0) {
    return undefined;
  }
  const complain = (why: string) => complaint(32, `mount: ${target}: ${why}`);
  const store = machine.storeAt(device);
  const fileSystem = store?.fileSystem;
  if (store === undefined) {
    return complain(`special device ${device} does not exist.`);
  }
  const options = textOf(parsed, 'options')?.split(',') ?? [];
  if (machine.files.find(target) === undefined) {
    if (!options.includes('X-mount.mkdir')) {
      return complain('mount point does not exist.');
    }
    machine.files.make(target);
  }
  if (fileSystem === undefined) {
    return complain(
      `wrong fs type, bad option, bad superblock on ${device}, missing codepage or helper program, or other error.`,
    );
  }
  if (machine.files.mountAt(target) === fileSystem) {
    return complain(`${device} already mounted on ${target}.`);
  }
  if (store instanceof ImageFile) {
    if (!options.includes('loop')) {
      return undefined;
    }
    fileSystem.source = machine.loops.attach(device, store);
  }
  machine.files.mount(fileSystem, target);
  return silent;
};

export const xfsGrowfs: Tool = (machine, words) => {
  const path = single(words);
  if (path === undefined) {
    return undefined;
  }
  const fileSystem = machine.files.mountAt(path);
  const { source = '' } = fileSystem ?? {};
  const volume = machine.loops.get(source) ?? machine.volumeAt(source);
  if (fileSystem?.type !== 'xfs' || volume === undefined) {
    return complaint(1, `xfs_growfs: ${path} is not a mounted XFS filesystem`);
  }
  if (fileSystem.extents === volume.size) {
    return printed('data size unchanged, skipping\n');
  }
  fileSystem.extents = volume.size;
  return printed('data blocks changed\n');
};

export const umount: Tool = (machine, words) => {
  const path = single(words);
  if (path === undefined) {
    return undefined;
  }
  if (machine.files.find(path) === undefined) {
    return complaint(32, `umount: ${path}: no mount point specified.`);
  }
  if (machine.served.hasBelow(path)) {
    return complaint(32, `umount: ${path}: target is busy.`);
  }
  const fileSystem = machine.files.mountAt(path);
  if (!machine.files.unmount(path)) {
    return complaint(32, `umount: ${path}: not mounted.`);
  }
  if (fileSystem !== undefined && !machine.files.isMounted(fileSystem)) {
    machine.loops.detach(fileSystem.source);
  }
  return silent;
};

export const findmnt: Tool = (machine, words) => {
  const parsed = wordsOf(words, {
    json: { type: 'boolean' },
    list: { type: 'boolean' },
    output: text,
    mountpoint: text,
  });
  if (parsed?.values['list'] === true && parsed.values['output'] === 'TARGET,SOURCE,FSTYPE') {
    const mounts = machine.files.mounts.map(({ target, fileSystem: { source, type } }) => ({
      target,
      source,
      fstype: type,
    }));
    return printed(mounts.length === 0 ? '' : JSON.stringify({ filesystems: mounts }));
  }
  const path = parsed === undefined ? undefined : textOf(parsed, 'mountpoint');
  if (parsed?.values['json'] !== true || parsed.values['output'] !== 'TARGET,SOURCE,FSTYPE' || path === undefined) {
    return undefined;
  }
  const found = machine.files.mountAt(path);
  if (found === undefined) {
    return { exitCode: 1, stdout: '', stderr: '' };
  }
  const { type, source } = found;
  return printed(JSON.stringify({ filesystems: [{ target: path, source, fstype: type }] }));
};

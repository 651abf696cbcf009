/** `find`, `truncate` and others: what the bricks of folders are made with. */
import { entriesBelow, ImageFile, type FoundEntry } from '../files.ts';
import type { Machine } from '../machine.ts';
import { complaint, printed, silent, type Tool, type ToolResult } from './tool.ts';

/** The one format that anybody here asks for. */
const format = String.raw`%y\0%s\0%b\0%l\0%P\0`;
/** The one thing that anybody has find run. */
const df = 'df --block-size=1 --output=size,avail';

export const find: Tool = (machine, [folder = '', ...words]) => {
  const line = words.join(' ');
  if (line === `-ignore_readdir_race -maxdepth 1 -printf ${format}`) {
    return list(machine, folder);
  }
  if (line === `-ignore_readdir_race -maxdepth 1 -printf ${format} -path ${folder} -exec ${df} {} +`) {
    const listed = list(machine, folder);
    return listed.exitCode === 0 ? { ...listed, stdout: listed.stdout + roomAt(machine, folder) } : listed;
  }
  const identities = /^-ignore_readdir_race -xdev (?:-maxdepth (\d) )?-type l -name (\S+) -printf (.+)$/.exec(line);
  if (identities?.[3] === format) {
    const found = entriesBelow(machine.files.find(folder), Number(identities[1] ?? Infinity));
    const links = found.filter(({ path, file }) => file?.kind === 'link' && path.split('/').at(-1) === identities[2]);
    return printed(links.map(formatted).join(''));
  }
  const rest = `${folder}/lost+found`;
  return line === `-xdev -mindepth 1 -not -path ${rest} -not -path ${rest}/* -delete`
    ? empty(machine, folder)
    : undefined;
};

function list(machine: Machine, path: string): ToolResult {
  const file = machine.files.file(path);
  const directory = machine.files.find(path);
  if (file !== undefined) {
    return printed(formatted({ path: '', file }));
  }
  if (directory === undefined) {
    return complaint(1, `find: '${path}': No such file or directory`);
  }
  return printed([{ path: '' }, ...entriesBelow(directory, 1)].map(formatted).join(''));
}

function formatted({ path, file }: FoundEntry): string {
  const fields =
    file === undefined
      ? ['d', 4096, 8, '']
      : file.kind === 'link'
        ? ['l', file.text.length, 0, file.text]
        : ['f', file.length, file.allocated / 512, ''];
  return [...fields, path].map((field) => `${field}\0`).join('');
}

function empty(machine: Machine, folder: string): ToolResult {
  const directory = machine.files.find(folder);
  for (const name of [...(directory?.children.keys() ?? []), ...(directory?.files.keys() ?? [])]) {
    if (name !== 'lost+found') {
      machine.files.remove(`${folder}/${name}`);
    }
  }
  return silent;
}

export const realpath: Tool = (machine, [flag, path, ...rest]) => {
  if (flag !== '--canonicalize-existing' || path === undefined || rest.length > 0) {
    return undefined;
  }
  return machine.files.find(path) === undefined
    ? complaint(1, `realpath: ${path}: No such file or directory`)
    : printed(`${path}\n`);
};

function roomAt(machine: Machine, path: string): string {
  const { size, taken } = machine.roomAt(path) ?? { size: 0, taken: 0 };
  return `1B-blocks Avail\n${size} ${size - taken}\n`;
}

export const ln: Tool = (machine, words) => {
  const force = words[1] === '--force';
  const [symbolic, noTarget, text, path, ...rest] = force ? words.toSpliced(1, 1) : words;
  if (symbolic !== '--symbolic' || noTarget !== '--no-target-directory' || text === undefined || rest.length > 0) {
    return undefined;
  }
  const complain = (why: string) => complaint(1, `ln: failed to create symbolic link '${path}': ${why}`);
  if (path === undefined) {
    return undefined;
  }
  if ((machine.files.file(path) !== undefined && !force) || machine.files.find(path) !== undefined) {
    return complain('File exists');
  }
  return machine.files.put(path, { kind: 'link', text }) ? silent : complain('No such file or directory');
};

export const truncate: Tool = (machine, [word, path, ...rest]) => {
  const size = /^--size=>(\d+)$/.exec(word ?? '')?.[1];
  if (size === undefined || path === undefined || rest.length > 0) {
    return undefined;
  }
  const standing = machine.files.file(path);
  const file = standing?.kind === 'file' ? standing : new ImageFile();
  if (!machine.files.put(path, file)) {
    return complaint(1, `truncate: cannot open '${path}' for writing: No such file or directory`);
  }
  file.length = Math.max(file.length, Number(size));
  return silent;
};

export const sync: Tool = (machine, [path, ...rest]) => {
  if (path === undefined || rest.length > 0) {
    return undefined;
  }
  return (machine.files.file(path) ?? machine.files.find(path)) === undefined
    ? complaint(1, `sync: error opening '${path}': No such file or directory`)
    : silent;
};

/** Directories, images and mounts of one simulated machine. No other file is needed: nothing of ours writes any. */
import { extentSize } from '../../domain/placement/footprint.ts';
import { MiB } from '../../domain/quantity.ts';
import { ancestorsOf } from './path-set.ts';

/** A sparse file, and the file system that mkfs put in it. */
export class ImageFile {
  readonly kind = 'file';
  /** Bytes. */
  length = 0;
  fileSystem: FileSystem | undefined;

  /** In extents, as of a logical volume. */
  get size(): number {
    return Math.floor(this.length / extentSize);
  }

  /** Bytes written: mkfs fills the journal. */
  get allocated(): number {
    return this.fileSystem === undefined ? 0 : Math.min(this.length, 64 * MiB);
  }
}

export interface Link {
  readonly kind: 'link';
  readonly text: string;
}

export class Directory {
  mode = 0o755;
  gid = 0;
  /** Extended attributes. */
  readonly attributes = new Map<string, string>();
  readonly children = new Map<string, Directory>();
  readonly files = new Map<string, ImageFile | Link>();
}

/** A tree of directories with a place where it is kept: a block device, or the machine itself. */
export class FileSystem {
  readonly type: string;
  /** A loop device is another one after every mount. */
  source: string;
  readonly root = new Directory();
  /** Extents of the logical volume that it fills; 0 for one that is on none. */
  extents: number;

  constructor(type: string, source: string, extents = 0) {
    this.type = type;
    this.source = source;
    this.extents = extents;
  }
}

export interface MountEntry {
  readonly target: string;
  readonly fileSystem: FileSystem;
}

const split = (path: string): { readonly parent: string; readonly name: string } => {
  const cut = path.lastIndexOf('/');
  return { parent: path.slice(0, cut), name: path.slice(cut + 1) };
};

const namesOf = (path: string): readonly string[] => path.split('/').filter((name) => name !== '');

export class Files {
  readonly #root = new FileSystem('ext4', '/dev/root');
  /** By target; of several on one target the last is the one that is seen. */
  readonly #mounts = new Map<string, readonly FileSystem[]>();
  readonly #mounted = new Map<FileSystem, number>();

  get mounts(): readonly MountEntry[] {
    return [...this.#mounts].flatMap(([target, stack]) => stack.map((fileSystem) => ({ target, fileSystem })));
  }

  /** The directory at an absolute path, through mounts; `undefined` when there is none. */
  find(path: string): Directory | undefined {
    const { fileSystem, rest } = this.#resolve(path);
    return rest.reduce<Directory | undefined>((found, name) => found?.children.get(name), fileSystem.root);
  }

  /** Makes the directory and those above it. */
  make(path: string): Directory {
    const { fileSystem, rest } = this.#resolve(path);
    return rest.reduce((parent, name) => {
      const child = parent.children.get(name) ?? new Directory();
      parent.children.set(name, child);
      return child;
    }, fileSystem.root);
  }

  /** The file or link at an absolute path. */
  file(path: string): ImageFile | Link | undefined {
    const { parent, name } = split(path);
    return this.find(parent)?.files.get(name);
  }

  /** Puts a file or link there. Whether its directory exists. */
  put(path: string, file: ImageFile | Link): boolean {
    const { parent, name } = split(path);
    return this.find(parent)?.files.set(name, file) !== undefined;
  }

  /** Takes an entry out of its parent, whatever is in it. */
  remove(path: string): void {
    const { parent, name } = split(path);
    const directory = this.find(parent);
    directory?.children.delete(name);
    directory?.files.delete(name);
  }

  mount(fileSystem: FileSystem, target: string): void {
    this.#mounts.set(target, [...(this.#mounts.get(target) ?? []), fileSystem]);
    this.#mounted.set(fileSystem, (this.#mounted.get(fileSystem) ?? 0) + 1);
  }

  /** Whether anything was mounted there. */
  unmount(target: string): boolean {
    const stack = this.#mounts.get(target) ?? [];
    const top = stack.at(-1);
    if (top === undefined) {
      return false;
    }
    if (stack.length === 1) {
      this.#mounts.delete(target);
    } else {
      this.#mounts.set(target, stack.slice(0, -1));
    }
    this.#mounted.set(top, (this.#mounted.get(top) ?? 1) - 1);
    return true;
  }

  /** What a power cut does. */
  forgetMounts(): void {
    this.#mounts.clear();
    this.#mounted.clear();
  }

  /** The file system that is seen at a mount point. */
  mountAt(target: string): FileSystem | undefined {
    return this.#mounts.get(target)?.at(-1);
  }

  isMounted(fileSystem: FileSystem): boolean {
    return (this.#mounted.get(fileSystem) ?? 0) > 0;
  }

  /** Whether the path lies on the machine's own root file system. */
  onRoot(path: string): boolean {
    return this.#resolve(path).fileSystem === this.#root;
  }

  /** Every directory with the attribute, by path, over all mounted file systems and the root. */
  marked(attribute: string): readonly { readonly path: string; readonly value: string }[] {
    const found: { path: string; value: string }[] = [];
    const walk = (directory: Directory, path: string): void => {
      const value = directory.attributes.get(attribute);
      if (value !== undefined) {
        found.push({ path, value });
      }
      for (const [name, child] of directory.children) {
        walk(child, `${path}/${name}`);
      }
    };
    walk(this.#root.root, '');
    for (const { target, fileSystem } of this.mounts) {
      walk(fileSystem.root, target);
    }
    return found;
  }

  #resolve(path: string): { readonly fileSystem: FileSystem; readonly rest: readonly string[] } {
    const target = [path, ...ancestorsOf(path)].find((above) => this.#mounts.has(above));
    const fileSystem = target === undefined ? undefined : this.mountAt(target);
    return target === undefined || fileSystem === undefined
      ? { fileSystem: this.#root, rest: namesOf(path) }
      : { fileSystem, rest: namesOf(path.slice(target.length)) };
  }
}

export interface FoundEntry {
  /** Relative to where the search began. */
  readonly path: string;
  /** Absent: a directory. */
  readonly file?: ImageFile | Link;
}

/** Everything below a directory on its own file system, to a depth. */
export function entriesBelow(directory: Directory | undefined, depth = Infinity, prefix = ''): readonly FoundEntry[] {
  if (directory === undefined || depth < 1) {
    return [];
  }
  return [
    ...[...directory.files].map(([name, file]) => ({ path: prefix + name, file })),
    ...[...directory.children].flatMap(([name, child]) => [
      { path: prefix + name },
      ...entriesBelow(child, depth - 1, `${prefix}${name}/`),
    ]),
  ];
}

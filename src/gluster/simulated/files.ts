/** Directories and mounts of one simulated machine. Files are not needed: nothing of ours writes any. */
import { ancestorsOf } from './path-set.ts';

export class Directory {
  mode = 0o755;
  gid = 0;
  /** Extended attributes. */
  readonly attributes = new Map<string, string>();
  readonly children = new Map<string, Directory>();
}

/** A tree of directories with a place where it is kept: a block device, or the machine itself. */
export class FileSystem {
  readonly type: string;
  readonly source: string;
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

  /** Takes an entry out of its parent, whatever is in it. */
  remove(path: string): void {
    const cut = path.lastIndexOf('/');
    this.find(path.slice(0, cut))?.children.delete(path.slice(cut + 1));
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

/** Directories and mounts of one simulated machine. Files are not needed: nothing of ours writes any. */

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

  constructor(type: string, source: string) {
    this.type = type;
    this.source = source;
  }
}

export interface MountEntry {
  readonly target: string;
  readonly fileSystem: FileSystem;
}

const namesOf = (path: string): readonly string[] => path.split('/').filter((name) => name !== '');
const covers = (target: string, path: string): boolean => path === target || path.startsWith(`${target}/`);

export class Files {
  readonly #root = new FileSystem('ext4', '/dev/root');
  #mounts: readonly MountEntry[] = [];

  get mounts(): readonly MountEntry[] {
    return this.#mounts;
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
    this.#mounts = [...this.#mounts, { target, fileSystem }];
  }

  /** Whether anything was mounted there. */
  unmount(target: string): boolean {
    const index = this.#mounts.findLastIndex((entry) => entry.target === target);
    this.#mounts = this.#mounts.filter((_entry, at) => at !== index);
    return index >= 0;
  }

  /** What a power cut does. */
  forgetMounts(): void {
    this.#mounts = [];
  }

  mountAt(target: string): MountEntry | undefined {
    return this.#mounts.findLast((entry) => entry.target === target);
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
    for (const { target, fileSystem } of this.#mounts) {
      walk(fileSystem.root, target);
    }
    return found;
  }

  #resolve(path: string): { readonly fileSystem: FileSystem; readonly rest: readonly string[] } {
    const mount = this.#mounts
      .filter(({ target }) => covers(target, path))
      .reduce<MountEntry | undefined>(
        (best, entry) => (best === undefined || entry.target.length >= best.target.length ? entry : best),
        undefined,
      );
    return mount === undefined
      ? { fileSystem: this.#root, rest: namesOf(path) }
      : { fileSystem: mount.fileSystem, rest: namesOf(path.slice(mount.target.length)) };
  }
}

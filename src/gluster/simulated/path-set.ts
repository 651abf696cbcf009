/** Absolute paths, with answers about what lies above and below one that do not grow with their number. */
export class PathSet {
  readonly #paths = new Set<string>();
  /** How many paths lie below a directory. */
  readonly #below = new Map<string, number>();

  add(path: string): void {
    if (!this.#paths.has(path)) {
      this.#paths.add(path);
      ancestorsOf(path).forEach((above) => this.#below.set(above, (this.#below.get(above) ?? 0) + 1));
    }
  }

  delete(path: string): void {
    if (this.#paths.delete(path)) {
      ancestorsOf(path).forEach((above) => this.#below.set(above, (this.#below.get(above) ?? 0) - 1));
    }
  }

  clear(): void {
    this.#paths.clear();
    this.#below.clear();
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Whether any path lies strictly below. */
  hasBelow(directory: string): boolean {
    return (this.#below.get(directory) ?? 0) > 0;
  }

  /** Whether the path is one of them, lies below one, or above one. */
  touches(path: string): boolean {
    return this.#paths.has(path) || this.hasBelow(path) || ancestorsOf(path).some((above) => this.#paths.has(above));
  }
}

/** `/a/b/c` lies below `/a/b` and `/a`; nearest first. */
export function ancestorsOf(path: string): readonly string[] {
  const found: string[] = [];
  for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
    found.push(path.slice(0, cut));
  }
  return found;
}

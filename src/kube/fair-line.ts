/**
 * A waiting line of keys, each in it at most once. Groups take turns, one key each, and within a group who came first
 * goes first: a namespace with a thousand claims does not keep another one's single claim waiting.
 */
export class FairLine<K> {
  readonly #groupOf: (key: K) => string;
  /** In the order of their next turn. A group without keys is not in it. Sets and maps keep the order of insertion. */
  readonly #groups = new Map<string, Set<K>>();
  #size = 0;

  constructor(groupOf: (key: K) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#size;
  }

  add(key: K): void {
    const group = this.#groupOf(key);
    const keys = this.#groups.get(group);
    if (keys === undefined) {
      this.#groups.set(group, new Set([key]));
      this.#size += 1;
    } else if (!keys.has(key)) {
      keys.add(key);
      this.#size += 1;
    }
  }

  take(): K | undefined {
    for (const [group, keys] of this.#groups) {
      this.#groups.delete(group);
      for (const key of keys) {
        keys.delete(key);
        this.#size -= 1;
        if (keys.size > 0) {
          this.#groups.set(group, keys);
        }
        return key;
      }
    }
    return undefined;
  }

  /** Takes out all keys, group by group. */
  takeAll(): readonly K[] {
    const keys = this.#groups
      .values()
      .flatMap((group) => group.values())
      .toArray();
    this.#groups.clear();
    this.#size = 0;
    return keys;
  }
}

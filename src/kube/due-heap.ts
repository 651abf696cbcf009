/** Outdated entries that are not worth clearing away. */
const slack = 64;

/**
 * Keys with the moment at which each is due, earliest first. A key is in it once; of two moments the earlier counts.
 * A binary heap whose outdated entries stay until they surface: `#due` says which entry of a key is the true one.
 */
export class DueHeap<K> {
  #heap: { readonly key: K; readonly at: number }[] = [];
  readonly #due = new Map<K, number>();

  get size(): number {
    return this.#due.size;
  }

  /** Whether this made `key` due earlier than it was. */
  add(key: K, at: number): boolean {
    const known = this.#due.get(key);
    if (known !== undefined && known <= at) {
      return false;
    }
    this.#due.set(key, at);
    if (this.#heap.length > 2 * this.#due.size + slack) {
      this.#compact();
    } else {
      this.#heap.push({ key, at });
      this.#rise(this.#heap.length - 1);
    }
    return true;
  }

  delete(key: K): void {
    this.#due.delete(key);
  }

  /** Takes out all keys, in no particular order. */
  takeAll(): readonly K[] {
    const keys = [...this.#due.keys()];
    this.#heap = [];
    this.#due.clear();
    return keys;
  }

  /** The earliest moment. */
  next(): number | undefined {
    this.#dropOutdated();
    return this.#heap[0]?.at;
  }

  /** Takes out the earliest key that is due at `now`. */
  takeDue(now: number): K | undefined {
    this.#dropOutdated();
    const top = this.#heap[0];
    if (top === undefined || top.at > now) {
      return undefined;
    }
    this.#due.delete(top.key);
    this.#removeTop();
    return top.key;
  }

  #dropOutdated(): void {
    for (let top = this.#heap[0]; top !== undefined && this.#due.get(top.key) !== top.at; top = this.#heap[0]) {
      this.#removeTop();
    }
  }

  /** A sorted array is a heap. */
  #compact(): void {
    this.#heap = [...this.#due].map(([key, at]) => ({ key, at })).sort((a, b) => a.at - b.at);
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
  }

  #rise(from: number): void {
    for (let child = from; child > 0;) {
      const parent = (child - 1) >> 1;
      if (this.#at(parent) <= this.#at(child)) {
        return;
      }
      this.#swap(parent, child);
      child = parent;
    }
  }

  #sink(): void {
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(parent) <= this.#at(child)) {
        return;
      }
      this.#swap(parent, child);
      parent = child;
    }
  }

  /** Beyond the end: never. */
  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first !== undefined && second !== undefined) {
      this.#heap[a] = second;
      this.#heap[b] = first;
    }
  }
}

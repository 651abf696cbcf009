/** What a ranking orders: lowest `key` first, then `tie`, then `id`. All three decide, so no order of arrival does. */
export interface Ranked {
  readonly id: string;
  readonly tie: number;
  /** Changed by the ranking alone while the item is in it. */
  key: number;
}

function before(a: Ranked, key: number, tie: number, id: string): boolean {
  return a.key !== key ? a.key < key : a.tie !== tie ? a.tie < tie : a.id < id;
}

/**
 * A sorted list. Finding a place is logarithmic; taking and putting moves a stretch of pointers, which for the
 * thousands of nodes that a pool can have is cheaper than any tree.
 */
export class Ranking<T extends Ranked> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  at(position: number): T | undefined {
    return this.#items[position];
  }

  add(item: T): void {
    this.#items.splice(this.#place(item.key, item.tie, item.id), 0, item);
  }

  remove(item: T): void {
    const place = this.#place(item.key, item.tie, item.id);
    if (this.#items[place] === item) {
      this.#items.splice(place, 1);
    }
  }

  /** Gives the item, which is in the ranking, another key. */
  move(item: T, key: number): void {
    if (item.key === key) {
      return;
    }
    this.remove(item);
    item.key = key;
    this.add(item);
  }

  /**
   * The items from the lowest key up, until `visit` says true. Among those that share the lowest key it begins where
   * `tie` falls, so that different volumes begin at different ones.
   */
  walk(tie: number, visit: (item: T) => boolean): void {
    const first = this.#items[0];
    if (first === undefined) {
      return;
    }
    const group = this.#place(first.key, Infinity, '');
    const start = group === 1 ? 0 : this.#place(first.key, tie, '') % group;
    for (let step = 0; step < this.#items.length; step += 1) {
      const item = this.#items[step < group ? (start + step) % group : step];
      if (item !== undefined && visit(item)) {
        return;
      }
    }
  }

  /** The first position whose item does not stand before (key, tie, id). */
  #place(key: number, tie: number, id: string): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.#items[middle];
      if (item !== undefined && before(item, key, tie, id)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

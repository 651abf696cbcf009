/** Keys in order, so that a page or a namespace of a large resource is found without sorting or scanning all of it. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const at = this.#firstNotBelow(key);
    if (this.#keys[at] !== key) {
      this.#keys.splice(at, 0, key);
    }
  }

  delete(key: string): void {
    const at = this.#firstNotBelow(key);
    if (this.#keys[at] === key) {
      this.#keys.splice(at, 1);
    }
  }

  /** The keys that begin with `prefix`, in order. */
  withPrefix(prefix: string): readonly string[] {
    return prefix === ''
      ? this.#keys.slice()
      : this.#keys.slice(this.#firstNotBelow(prefix), this.#firstNotBelow(`${prefix}\uffff`));
  }

  #firstNotBelow(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? '') < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

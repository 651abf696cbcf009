/** One caller a key at a time, in the order in which they came. */
export class Turns {
  /** By key, what the next one has to wait for. Never rejects. */
  readonly #tails = new Map<string, Promise<void>>();

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#tails.get(key) ?? Promise.resolve();
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    const tail = turn.then(() => left);
    this.#tails.set(key, tail);
    await turn;
    try {
      return await work();
    } finally {
      leave();
      if (this.#tails.get(key) === tail) {
        this.#tails.delete(key);
      }
    }
  }
}

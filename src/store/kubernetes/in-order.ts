/** Runs work about one thing after all earlier work about the same thing; work about different things side by side. */
export class InOrder {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Settles as `work` does. What became of earlier work means nothing to it. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#tails.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#tails.get(key) === turn) {
        this.#tails.delete(key);
      }
    }
  }

  /** Resolves when all work that was asked for by now has ended. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#tails.values());
  }
}

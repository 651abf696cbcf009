/** Joins writes that arrive together into one commit. */

interface Pending<W> {
  readonly write: W;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that are added before the event loop turns are committed together, in the order in which they were added, and
 * each caller's promise settles only after that commit has. A sync to disk costs the same for one write as for a
 * hundred, so a burst of claims pays for a few syncs instead of one a claim.
 */
export class WriteGroup<W> {
  readonly #commit: (writes: readonly W[]) => void;
  #pending: Pending<W>[] = [];

  /** `commit` makes all writes durable before it returns, or throws and leaves none of them. */
  constructor(commit: (writes: readonly W[]) => void) {
    this.#commit = commit;
  }

  add(write: W): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ write, resolve, reject });
      if (this.#pending.length === 1) {
        setImmediate(() => {
          this.flush();
        });
      }
    });
  }

  /** Commits at once what is waiting. */
  flush(): void {
    const group = this.#pending;
    if (group.length === 0) {
      return;
    }
    this.#pending = [];
    try {
      this.#commit(group.map(({ write }) => write));
    } catch (error) {
      for (const { reject } of group) {
        reject(error);
      }
      return;
    }
    for (const { resolve } of group) {
      resolve();
    }
  }
}

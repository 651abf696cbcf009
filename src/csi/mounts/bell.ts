/** Wakes who rests before its time, so that something new is looked at now. Rung while nobody rests, it is heard by who listened before. */
export class Bell {
  #next = new AbortController();

  /** Fires at the next ring. */
  get signal(): AbortSignal {
    return this.#next.signal;
  }

  ring(): void {
    const rung = this.#next;
    this.#next = new AbortController();
    rung.abort();
  }
}

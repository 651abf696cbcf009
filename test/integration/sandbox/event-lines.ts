import { waitFor } from '../../support/wait-for.ts';

export type EventLine = {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly code?: number;
    readonly metadata: { readonly name: string; readonly resourceVersion: string };
  };
};

/** An open watch, read line by line. */
export class EventLines {
  readonly #abort: AbortController;
  readonly #lines: EventLine[] = [];
  /** How it ended: properly, or with this error. */
  #end: { readonly error?: unknown } | undefined;

  private constructor(abort: AbortController) {
    this.#abort = abort;
  }

  /** Resolves once the answer has begun. */
  static async open(url: string): Promise<EventLines> {
    const abort = new AbortController();
    const response = await fetch(url, { signal: abort.signal });
    const lines = new EventLines(abort);
    void lines.#read(response);
    return lines;
  }

  /** The next `count` lines. */
  async take(count: number): Promise<readonly EventLine[]> {
    await waitFor(`${count} events`, () => this.#lines.length >= count);
    return this.#lines.splice(0, count);
  }

  /** How many lines have come and were not taken. */
  get waiting(): number {
    return this.#lines.length;
  }

  /** Resolves when the server has ended it; rejects when the connection was cut. */
  async ended(): Promise<void> {
    const end = await waitFor('the watch to end', () => this.#end);
    if ('error' in end) {
      throw end.error;
    }
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(response: Response): Promise<void> {
    let rest = '';
    try {
      for await (const chunk of response.body ?? []) {
        rest += Buffer.from(chunk as Uint8Array).toString('utf8');
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        this.#lines.push(...lines.map((line) => JSON.parse(line) as EventLine));
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
  }
}

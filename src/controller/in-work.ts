import type { VolumeId } from '../domain/names.ts';

/**
 * Volumes that a reconciler has in hand. Claims, released volumes and leftovers come from different queues, and one of
 * them must not undo what another is about to announce: each takes the id before its last look and keeps it until the
 * end. Nobody waits for an id (a worker would stand idle); who does not get it comes back later.
 */
export class InWork {
  readonly #ids = new Set<VolumeId>();

  /** Runs `work` with `id` taken. `undefined`, without running it, when somebody else has it. */
  async exclusively<T>(id: VolumeId, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#ids.has(id)) {
      return undefined;
    }
    this.#ids.add(id);
    try {
      return await work();
    } finally {
      this.#ids.delete(id);
    }
  }
}

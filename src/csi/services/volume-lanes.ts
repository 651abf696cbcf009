import { status } from '@grpc/grpc-js';
import type { VolumeHandle } from '../protocol/grammar.ts';
import { Refusal } from './refusal.ts';

/**
 * One change of a volume at a time. Who comes second is turned away, as the contract asks: the orchestrator asks again, and
 * a queue of calls whose callers have left would only do old work.
 */
export class VolumeLanes {
  readonly #running = new Map<VolumeHandle, string>();

  /** Throws Refusal (ABORTED) while another piece of work on the volume runs. */
  async run<T>(volume: VolumeHandle, what: string, work: () => Promise<T>): Promise<T> {
    const other = this.#running.get(volume);
    if (other !== undefined) {
      throw new Refusal(
        status.ABORTED,
        `volume_id: ${other} of ${volume} is still under way on this node; call again when it has ended`,
      );
    }
    this.#running.set(volume, what);
    try {
      return await work();
    } finally {
      this.#running.delete(volume);
    }
  }
}

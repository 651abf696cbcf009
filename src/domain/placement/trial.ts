/** A plan in the making: what it has taken from the pool so far, all of which it gives back. */
import { levelOf, type DeviceIndex } from './device-index.ts';
import type { PlacementPool } from './pool.ts';
import type { Seat } from './seat.ts';

interface Taken {
  readonly seat: Seat;
  readonly footprint: number;
}

export class Trial {
  readonly #pool: PlacementPool;
  readonly #taken: Taken[] = [];
  /** `used` of each touched seat as it was before. */
  readonly #before = new Map<Seat, number>();

  constructor(pool: PlacementPool) {
    this.#pool = pool;
  }

  take(seat: Seat, footprint: number): void {
    if (!this.#before.has(seat)) {
      this.#before.set(seat, seat.used);
    }
    this.#taken.push({ seat, footprint });
    this.#pool.hold(seat, footprint);
  }

  undo(): void {
    for (let last = this.#taken.pop(); last !== undefined; last = this.#taken.pop()) {
      this.#pool.release(last.seat, last.footprint);
    }
    this.#before.clear();
  }

  /**
   * By how much the plan unsettles the pool: the change in the sum of the squared distances, in points of use, of the
   * devices from the mean of their zone (or, without zones, of the pool). Negative: it evens the pool out.
   */
  imbalance(index: DeviceIndex, byZone: boolean): number {
    const pool = levelOf(index.totals);
    let sum = 0;
    for (const [seat, before] of this.#before) {
      const zone = byZone ? index.zones.get(seat.standing.zone) : undefined;
      const level = zone === undefined ? pool : levelOf(zone);
      const distance = (used: number): number => (100 * (used / seat.capacity - level)) ** 2;
      sum += distance(seat.used) - distance(before);
    }
    return sum;
  }
}

/** Runs `plan` with a trial of its own and gives back what that took, whatever happens. */
export function tried<T>(pool: PlacementPool, plan: (trial: Trial) => T): T {
  const trial = new Trial(pool);
  try {
    return plan(trial);
  } finally {
    trial.undo();
  }
}

/** Which group ids are taken, over all classes and clusters. Holders are ids of volume documents, legible or not. */

/** Both ends belong to it. */
export interface GidRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Knows every GID that a record holds, whatever class it was made for. A GID is free again only when the record that
 * holds it is gone, which is after the data is: a new volume must not open an old one's files to its pods.
 *
 * The lowest free number is found without walking over all taken ones each time: for each lower end that was ever asked
 * for, `#floor` remembers a number below which (down to that end) none is free. It rises as numbers are taken and falls
 * when one is given back, so that ten thousand takings cost ten thousand steps in all.
 */
export class GidLedger {
  /** A set only where there are several, which is rare: ten thousand sets of one take megabytes. */
  readonly #holders = new Map<number, string | Set<string>>();
  readonly #floor = new Map<number, number>();

  /** Marks `gid` as held. Several volumes may hold one (records that were adopted); it is free when all let go. */
  hold(gid: number, holder: string): void {
    const holders = this.#holders.get(gid);
    if (holders === undefined) {
      this.#holders.set(gid, holder);
    } else if (typeof holders === 'string') {
      this.#holders.set(gid, new Set([holders, holder]));
    } else {
      holders.add(holder);
    }
  }

  /** Takes the lowest free number of the range. `undefined`: there is none. */
  take(range: GidRange, holder: string): number | undefined {
    let gid = this.#floor.get(range.min) ?? range.min;
    while (gid <= range.max && this.#holders.has(gid)) {
      gid += 1;
    }
    // Kept also when the range is full, so that asking again costs nothing.
    this.#floor.set(range.min, gid);
    if (gid > range.max) {
      return undefined;
    }
    this.hold(gid, holder);
    return gid;
  }

  release(gid: number, holder: string): void {
    const holders = this.#holders.get(gid);
    const letsGo = typeof holders === 'string' ? holders === holder : holders?.delete(holder) === true;
    if (!letsGo || (typeof holders === 'object' && holders.size > 0)) {
      return;
    }
    this.#holders.delete(gid);
    for (const [min, floor] of this.#floor) {
      if (min <= gid && gid < floor) {
        this.#floor.set(min, gid);
      }
    }
  }
}

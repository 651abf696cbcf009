import { isDeepStrictEqual } from 'node:util';
import { nodeRecord } from '../../domain/topology.ts';
import { StoreError } from '../../engine/ports.ts';
import type { RecordObject } from './record-api.ts';

/** What people wish of nodes, and how far the engine has heard of it. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects in a list of `value`; empty when there is no such list. */
export function listAt(value: unknown, field: string): readonly Fields[] {
  const list = isFields(value) ? value[field] : undefined;
  return Array.isArray(list) ? list.filter(isFields) : [];
}

export function omit(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** The node as its author wants it, whatever was found on it. */
export function wishOf({ metadata, spec }: RecordObject): unknown {
  return isFields(spec) ? { ...spec, id: metadata.name } : spec;
}

/** Two specs say the same when they do so with every default filled in: an author's short form stays as it is. */
export function sameWish(a: unknown, b: unknown): boolean {
  const [one, other] = [a, b].map((spec) => nodeRecord.safeParse(isFields(spec) ? { ...spec, id: 'any' } : spec).data);
  return one !== undefined && isDeepStrictEqual(one, other);
}

/** A record's wish alone. Wiping is left out: it is agreed to once, and used up by being done. */
function bare(body: unknown): unknown {
  return isFields(body)
    ? { ...body, devices: listAt(body, 'devices').map((device) => omit(device, 'size', 'wipe')) }
    : body;
}

/**
 * Remembers which wishes the engine has not heard of yet. Such a wish must not be written over by a record that knows
 * nothing of it, for example one that only adds the size of a device.
 */
export class NewWishes {
  /** The engine's record as it was written last, of each node. */
  readonly #written = new Map<string, unknown>();
  readonly #new = new Set<string>();

  /** Somebody else has changed what is wished of the node. */
  hear(id: string): void {
    this.#new.add(id);
  }

  written(id: string, body: unknown): void {
    this.#written.set(id, body);
  }

  forget(id: string): void {
    this.#written.delete(id);
    this.#new.delete(id);
  }

  /**
   * Is there a wish that `body`, with `spec` to be written for it, knows nothing of, and that has to stay? Throws
   * StoreError when the body has a new wish of its own, which therefore cannot be written.
   */
  mustStay(id: string, held: RecordObject | undefined, body: unknown, spec: unknown): boolean {
    if (!this.#new.has(id) || held === undefined) {
      return false;
    }
    if (isDeepStrictEqual(held.spec, spec)) {
      this.#new.delete(id);
      return false;
    }
    if (isDeepStrictEqual(bare(this.#written.get(id)), bare(body))) {
      return true;
    }
    throw new StoreError(`GlusterNode ${id} has just been changed by somebody, which comes first`, { retryable: true });
  }
}

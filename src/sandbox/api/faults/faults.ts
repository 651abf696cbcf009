/**
 * Trouble on demand. A fault says which calls it hits, what it does to them, and how often; watches can be cut or frozen,
 * and the past can be forgotten. Everything here acts on HTTP calls only: the in-process access and the binder go on.
 */
import { z } from 'zod';

import type { Random } from '../../../domain/clock.ts';

/** One call, as faults and counters see it. */
export type Call = {
  readonly verb: string;
  /** Plural name, `persistentvolumes`; empty for discovery and health. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly userAgent: string;
};

const callPattern = z.strictObject({
  verb: z.string().optional().describe('get, list, watch, create, update, patch, delete or deletecollection'),
  resource: z.string().optional().describe('plural name, such as persistentvolumeclaims'),
  namespace: z.string().optional(),
  name: z.string().optional(),
  userAgent: z.string().optional().describe('part of the User-Agent header'),
});

const action = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('refuse'),
    code: z.union([z.literal(500), z.literal(503), z.literal(429), z.literal(504), z.literal(401), z.literal(403)]),
    retryAfterSeconds: z.number().int().nonnegative().optional(),
  }),
  z.strictObject({ do: z.literal('delay'), milliseconds: z.number().nonnegative() }),
  z.strictObject({ do: z.literal('reset') }).describe('the connection is cut before anything is done'),
  z.strictObject({ do: z.literal('loseAnswer') }).describe('the call is done, then the connection is cut'),
  z.strictObject({ do: z.literal('hang') }).describe('no answer, ever; nothing is done'),
]);

/** What POST /sandbox/faults takes, and what `Faults.add` takes. A pattern that says nothing matches every call. */
export const faultShape = z.strictObject({
  match: callPattern.default({}),
  action,
  times: z.number().int().positive().optional().describe('how many matching calls it hits; absent: all'),
  probability: z.number().min(0).max(1).default(1),
});

export type CallPattern = z.infer<typeof callPattern>;
export type FaultAction = z.infer<typeof action>;
export type FaultSpec = z.input<typeof faultShape>;

/** A watch that is open now. */
export type OpenWatch = {
  readonly call: Call;
  /** Cuts the connection, as a network does. */
  readonly drop: () => void;
  /** Sends no byte any more, and keeps the connection. */
  readonly freeze: () => void;
};

/** The faults that are active, and the watches that are open. */
export class Faults {
  readonly #random: Random;
  readonly #forget: () => void;
  readonly #watches = new Set<OpenWatch>();
  readonly #active = new Map<number, { readonly fault: z.output<typeof faultShape>; left: number }>();
  #lastId = 0;

  /** `forget` expires every resourceVersion that is not the current one. */
  constructor(random: Random, forget: () => void) {
    this.#random = random;
    this.#forget = forget;
  }

  /** Adds a fault and returns its id. Throws ZodError naming the field when it is not well formed. */
  add(spec: FaultSpec): number {
    const fault = faultShape.parse(spec);
    this.#lastId += 1;
    this.#active.set(this.#lastId, { fault, left: fault.times ?? Infinity });
    return this.#lastId;
  }

  remove(id: number): void {
    this.#active.delete(id);
  }

  /** Takes all faults away. Frozen watches stay frozen: their clients have to notice. */
  clear(): void {
    this.#active.clear();
  }

  list(): readonly { readonly id: number; readonly fault: FaultSpec }[] {
    return [...this.#active].map(([id, { fault }]) => ({ id, fault }));
  }

  /** What to do to this call, in the order in which the faults were added. Counts them down. */
  actionsFor(call: Call): readonly FaultAction[] {
    const actions: FaultAction[] = [];
    for (const [id, entry] of this.#active) {
      const { fault } = entry;
      if (matchesCall(fault.match, call) && (fault.probability >= 1 || this.#random() < fault.probability)) {
        actions.push(fault.action);
        entry.left -= 1;
        if (entry.left <= 0) {
          this.#active.delete(id);
        }
      }
    }
    return actions;
  }

  /** Cuts the open watches that match, and returns how many. */
  dropWatches(pattern: CallPattern = {}): number {
    return this.#onWatches(pattern, (watch) => {
      watch.drop();
    });
  }

  /** Makes the open watches that match half-open, and returns how many. */
  freezeWatches(pattern: CallPattern = {}): number {
    return this.#onWatches(pattern, (watch) => {
      watch.freeze();
    });
  }

  /** Expires all older versions: watches and pages from before answer 410. */
  compact(): void {
    this.#forget();
  }

  openWatches(): readonly Call[] {
    return [...this.#watches].map((watch) => watch.call);
  }

  /** Registers a watch. Returns the way to say that it has ended. */
  watchOpened(watch: OpenWatch): () => void {
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
    };
  }

  #onWatches(pattern: CallPattern, act: (watch: OpenWatch) => void): number {
    const hit = [...this.#watches].filter((watch) => matchesCall(pattern, watch.call));
    for (const watch of hit) {
      act(watch);
    }
    return hit.length;
  }
}

function matchesCall(pattern: CallPattern, call: Call): boolean {
  return (
    (pattern.verb === undefined || pattern.verb === call.verb) &&
    (pattern.resource === undefined || pattern.resource === call.resource) &&
    (pattern.namespace === undefined || pattern.namespace === call.namespace) &&
    (pattern.name === undefined || pattern.name === call.name) &&
    (pattern.userAgent === undefined || call.userAgent.includes(pattern.userAgent))
  );
}

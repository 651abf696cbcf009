/** What can go wrong on purpose, and the book that says when. Plain JSON, so that it can come over HTTP. */
import { z } from 'zod';
import { branded } from '../../domain/schema.ts';
import { nodeId } from '../../domain/names.ts';
import type { Random } from '../../domain/clock.ts';

/** Effects on single commands. */
const commandEffect = z.discriminatedUnion('kind', [
  /** The program ends at once with this. Nothing is done. */
  z.object({
    kind: z.literal('fail'),
    exitCode: z.int().min(1).max(255),
    stderr: z.string().default(''),
    stdout: z.string().default(''),
  }),
  /** Gluster refuses, the way it does with --xml: exit 0 and this in the answer. Nothing is done. */
  z.object({
    kind: z.literal('refuse'),
    opRet: z.int().default(-1),
    opErrno: z.int().default(30800),
    opErrstr: z.string(),
  }),
  /** Nothing is done; a volume that the command names stays locked; at the deadline the answer is lost. */
  z.object({ kind: z.literal('hang') }),
  /** Done after this many more milliseconds. */
  z.object({ kind: z.literal('slow'), ms: z.number().min(0) }),
  /** The work is done and the answer is lost. */
  z.object({ kind: z.literal('lose-answer') }),
  /** Only for commands of gluster's. The work is done, and the answer is that another member failed to do it. */
  z.object({ kind: z.literal('half-done') }),
  /** No connection: the command never reaches the node. */
  z.object({ kind: z.literal('unreachable') }),
]);
export type CommandEffect = z.infer<typeof commandEffect>;

/** Conditions that a node is in for as long as the fault stands. */
const nodeCondition = z.discriminatedUnion('kind', [
  /** glusterd has crashed; the node itself runs. Its bricks go on serving. */
  z.object({ kind: z.literal('glusterd-down') }),
  /**
   * Its glusterd has a volume in another form than the others have it, as after a crash in the middle of a change: they reject
   * each other, and what one side does the other takes no part in.
   */
  z.object({ kind: z.literal('rejected') }),
  /** The node is off: no commands, and its peers see it disconnected. Mounts are gone when it is back. */
  z.object({ kind: z.literal('power-off') }),
  /**
   * The network cable is out, nothing has crashed: commands to the node hang; peers believe it connected for two
   * minutes, and until then whatever needs the whole pool hangs as well.
   */
  z.object({ kind: z.literal('cable-cut') }),
]);
export type NodeCondition = z.infer<typeof nodeCondition>['kind'];

export const faultSpec = z.union([
  z.object({
    effect: commandEffect,
    /** Only commands for this node. Default: any. */
    node: branded(nodeId).optional(),
    /** Regular expression over the command's words joined by single spaces. Default: any. */
    argv: z.string().optional(),
    /** How many commands it hits before it is used up. Default: no limit. */
    times: z.int().min(1).optional(),
    /** The chance that it hits a command that matches. */
    probability: z.number().min(0).max(1).default(1),
  }),
  z.object({ effect: nodeCondition, node: branded(nodeId) }),
]);
/** What `add` takes. */
export type FaultSpec = z.input<typeof faultSpec>;

/** A fault that stands, and how often it has hit. */
export interface StandingFault {
  readonly id: number;
  readonly spec: FaultSpec;
  readonly hits: number;
}

export interface Faults {
  /**
   * Throws ZodError or SyntaxError (of the pattern) when the fault is malformed, RangeError when a condition is for a
   * node that is not there. Returns what `remove` takes.
   */
  add(spec: FaultSpec): number;
  /** Ends it. Whether it was there. */
  remove(id: number): boolean;
  clear(): void;
  /** Those not used up, in the order in which they were added, which is the order in which they are tried. */
  list(): readonly StandingFault[];
}

interface Entry {
  readonly id: number;
  readonly spec: z.output<typeof faultSpec>;
  readonly pattern: RegExp | undefined;
  hits: number;
}

export type ConditionListener = (node: string, condition: NodeCondition, on: boolean) => void;

const conditions: ReadonlySet<string> = new Set<NodeCondition>(['glusterd-down', 'rejected', 'power-off', 'cable-cut']);

/** The book of faults. `listener` is told when a node's condition begins and ends. */
export class FaultBook implements Faults {
  readonly #random: Random;
  readonly #listener: ConditionListener;
  #entries: Entry[] = [];
  #nextId = 1;

  constructor(random: Random, listener: ConditionListener) {
    this.#random = random;
    this.#listener = listener;
  }

  add(spec: FaultSpec): number {
    const parsed = faultSpec.parse(spec);
    const pattern = 'argv' in parsed && parsed.argv !== undefined ? new RegExp(parsed.argv) : undefined;
    const entry = { id: this.#nextId, spec: parsed, pattern, hits: 0 };
    // The listener refuses a node that it does not know: then there is no such fault.
    this.#tell(entry, true);
    this.#nextId += 1;
    this.#entries.push(entry);
    return entry.id;
  }

  remove(id: number): boolean {
    const entry = this.#entries.find((candidate) => candidate.id === id);
    if (entry === undefined) {
      return false;
    }
    this.#entries = this.#entries.filter((candidate) => candidate !== entry);
    this.#tell(entry, false);
    return true;
  }

  clear(): void {
    for (const { id } of this.list()) {
      this.remove(id);
    }
  }

  list(): readonly StandingFault[] {
    return this.#entries.map(({ id, spec, hits }) => ({ id, spec, hits }));
  }

  /** The effect on this command, if any: the first fault that matches and whose dice fall so. */
  strike(node: string, argv: readonly string[]): CommandEffect | undefined {
    const line = argv.join(' ');
    for (const entry of this.#entries) {
      const { spec } = entry;
      if (!('probability' in spec) || (spec.node !== undefined && spec.node !== node)) {
        continue;
      }
      if ((entry.pattern !== undefined && !entry.pattern.test(line)) || this.#random() >= spec.probability) {
        continue;
      }
      entry.hits += 1;
      if (spec.times !== undefined && entry.hits >= spec.times) {
        this.#entries = this.#entries.filter((candidate) => candidate !== entry);
      }
      return spec.effect;
    }
    return undefined;
  }

  #tell({ spec }: Entry, on: boolean): void {
    if (spec.node !== undefined && conditions.has(spec.effect.kind)) {
      const stands = this.#entries.some(
        (other) => other.spec.node === spec.node && other.spec.effect.kind === spec.effect.kind,
      );
      // Two faults of one kind on one node are one condition: it ends with the last of them.
      if (on || !stands) {
        this.#listener(spec.node, spec.effect.kind as NodeCondition, on);
      }
    }
  }
}

/** Outcomes as JSON. What JSON has no word for is a Map, sent as its pairs, and `undefined`, which is left out. */
import { z } from 'zod';
import { done, type Awaited, type Outcome, type Setback } from '../../domain/outcome.ts';
import { verbs, type OutcomeOf, type Verb } from './verbs.ts';

const named = { name: z.string() };
const awaited: z.ZodType<Awaited> = z.discriminatedUnion('what', [
  z.object({ what: z.literal('node'), ...named }),
  z.object({ what: z.literal('capacity'), elsewhere: z.literal(true).exactOptional() }),
  z.object({ what: z.literal('lock'), ...named }),
  z.object({ what: z.literal('condition'), ...named }),
]);

const reason = z.string();
const setback: z.ZodType<Setback> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rejected'), reason }),
  z.object({ kind: z.literal('waiting'), on: awaited, reason }),
  z.object({ kind: z.literal('failed'), reason }),
  z.object({ kind: z.literal('unknown'), reason }),
]);

const success = z.object({ kind: z.literal('done'), value: z.unknown().optional() });

/** As plain JSON, for `decodeOutcome` of the same verb. */
export function encodeOutcome(outcome: Outcome<unknown>): unknown {
  return JSON.parse(toJson(outcome));
}

/** JSON text of arguments or an outcome. The same value gives the same text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (part instanceof Map ? [...part] : part));
}

/** Throws ZodError when it is no outcome of this verb's. */
export function decodeOutcome<V extends Verb>(verb: V, json: unknown): OutcomeOf<V> {
  const found = success.safeParse(json);
  const outcome: Outcome<unknown> = found.success
    ? done(verbs[verb].result.parse(found.data.value))
    : setback.parse(json);
  return outcome as OutcomeOf<V>;
}

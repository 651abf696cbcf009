/** One look at one node: verbs that change nothing, one after another, each with its deadline. */
import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/error-message.ts';
import type { DeviceName } from '../../domain/names.ts';
import { unknown, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRecord } from '../../domain/topology.ts';
import { deviceMissing, type CallContext, type DeviceFacts, type NodeFacts, type StorageNodes } from '../ports.ts';

export type DeviceSight =
  | { readonly kind: 'ok' }
  | { readonly kind: 'missing' | 'empty' }
  | { readonly kind: 'unreadable'; readonly reason: string };

export type NodeSight =
  | {
      readonly kind: 'seen';
      readonly facts: NodeFacts;
      /** Prepared devices that showed something: one that got no answer is not in it. */
      readonly devices: ReadonlyMap<DeviceName, DeviceSight>;
    }
  /** `silent`: it did not answer, rather than answer something that is of no use. */
  | { readonly kind: 'unseen'; readonly reason: string; readonly silent: boolean };

export interface SightParts {
  readonly nodes: StorageNodes;
  readonly clock: Clock;
  /** Milliseconds for one verb. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Ends by the deadline, whether the verb hears of it or not. Never rejects. */
export async function beforeDeadline<T>(
  { clock, deadline, signal }: Pick<SightParts, 'clock' | 'deadline' | 'signal'>,
  verb: (context: CallContext) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const late = new AbortController();
  const answered = new AbortController();
  const overdue = (): Outcome<T> => unknown(`no answer within ${deadline / 1000} s`);
  const alarm = clock.sleep(deadline, AbortSignal.any([answered.signal, signal])).then(overdue, overdue);
  try {
    const answer = verb({ signal: AbortSignal.any([late.signal, signal]) });
    // Nobody may be there any more when it comes.
    answer.catch(() => undefined);
    return await Promise.race([answer, alarm]);
  } catch (error) {
    return unknown(messageOf(error));
  } finally {
    late.abort(new Error('the deadline has passed'));
    answered.abort();
  }
}

export async function sightOf(parts: SightParts, node: NodeRecord): Promise<NodeSight> {
  const seen = await beforeDeadline(parts, (context) => parts.nodes.inspectNode(node, context));
  if (seen.kind !== 'done') {
    return { kind: 'unseen', reason: seen.reason, silent: isSilence(seen) };
  }
  const devices = new Map<DeviceName, DeviceSight>();
  for (const { name } of node.devices.filter(({ size }) => size !== undefined)) {
    if (parts.signal.aborted) {
      break;
    }
    const facts = await beforeDeadline(parts, (context) => parts.nodes.inspectDevice(node, name, context));
    const sight = deviceSight(facts);
    if (sight !== undefined) {
      devices.set(name, sight);
    }
  }
  return { kind: 'seen', facts: seen.value, devices };
}

const isSilence = (setback: Setback): boolean =>
  setback.kind === 'unknown' || (setback.kind === 'waiting' && setback.on.what === 'node');

/** `undefined`: no answer came, which says nothing about the device. */
function deviceSight(facts: Outcome<DeviceFacts>): DeviceSight | undefined {
  switch (facts.kind) {
    case 'done':
      return { kind: 'ok' };
    case 'waiting':
      return facts.on.what !== 'condition'
        ? undefined
        : { kind: facts.on.name === deviceMissing ? 'missing' : 'empty' };
    case 'rejected':
    case 'failed':
      return { kind: 'unreadable', reason: facts.reason };
    case 'unknown':
      return undefined;
  }
}

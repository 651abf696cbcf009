/** From a request's body to a call of the local storage nodes: everything is checked here, before anything is done. */
import { createHash } from 'node:crypto';
import { messageOf } from '../../domain/error-message.ts';
import type { Log } from '../../domain/log.ts';
import type { DeviceName, NodeId } from '../../domain/names.ts';
import { unknown } from '../../domain/outcome.ts';
import { describeIssues } from '../../domain/schema.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext, StorageNodes } from '../../engine/ports.ts';
import { encodeOutcome, toJson } from '../protocol/outcome.ts';
import type { OperationRequest } from '../protocol/messages.ts';
import { verbs, type ArgumentsOf, type OutcomeOf, type Verb, type VerbShape } from '../protocol/verbs.ts';
import type { Submission } from './operations.ts';
import { Refusal } from './refusal.ts';

export interface PerformerOptions {
  /** Whose agent this is. */
  readonly node: NodeId;
  /** The devices that verbs may touch. */
  readonly devices: readonly DeviceName[];
  /** What does the work, on this machine. */
  readonly nodes: StorageNodes;
  readonly log: Log;
}

/** Throws Refusal when the request is for another node, is malformed, or touches a device that is not configured. */
export function submissionOf(options: PerformerOptions, request: OperationRequest): Submission {
  if (request.node.id !== options.node) {
    throw new Refusal('wrong-node', `expected a request for node ${options.node}, got one for ${request.node.id}`);
  }
  return checked(options, request, request.verb);
}

function checked<V extends Verb>(options: PerformerOptions, request: OperationRequest, verb: V): Submission {
  const shape: VerbShape<V> = verbs[verb];
  const parsed = shape.args.safeParse(request.arguments);
  if (!parsed.success) {
    throw new Refusal('malformed', `${verb}: ${describeIssues(parsed.error)}`);
  }
  const args = parsed.data;
  const device = shape.device(args);
  if (device !== undefined && !options.devices.includes(device)) {
    throw new Refusal(
      'device',
      `${verb}: expected a device that the agent's configuration names (${options.devices.join(', ') || 'none'}), got ${device}`,
    );
  }
  const { operation, sender, expires, node } = request;
  return {
    operation,
    sender,
    expires,
    effect: shape.effect,
    about: shape.about(args),
    // Arguments can be long, and ids are kept for minutes.
    content: createHash('sha256')
      .update(toJson([verb, node, request.arguments]))
      .digest('base64'),
    work: (signal) => perform(options, verb, node, args, { signal }),
  };
}

async function perform<V extends Verb>(
  { nodes, log }: PerformerOptions,
  verb: V,
  node: NodeRef,
  args: ArgumentsOf<V>,
  context: CallContext,
): Promise<unknown> {
  const call = nodes[verb] as unknown as (...all: readonly unknown[]) => Promise<OutcomeOf<V>>;
  try {
    return encodeOutcome(await call(node, ...args, context));
  } catch (error) {
    // The port throws for nothing that a node can answer: this is a fault of ours, and how far it got is not known.
    log.error({ err: error, verb, node: node.id }, 'a verb threw an error');
    return unknown(`${node.id}: ${verb}: ${messageOf(error)}`);
  }
}

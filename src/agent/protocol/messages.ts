/**
 * The agent's calls, all over HTTPS:
 *
 * | call | who may | what |
 * |---|---|---|
 * | POST /v1/operations | the controller | begins an operation, joins one that runs, or fetches its result |
 * | DELETE /v1/operations/ID | the controller | ends one early; one that has not arrived yet never begins |
 * | GET /v1/session | the controller | which life of the agent this is, and what its clock says |
 * | GET /v1/readiness | the controller | how the start went, with facts about every device |
 * | GET /healthz, /readyz | anybody | a word for probes |
 */
import { z } from 'zod';
import { nodeId } from '../../domain/names.ts';
import { branded } from '../../domain/schema.ts';
import { deviceFacts, device, nodeRef } from './values.ts';
import { verbNames } from './verbs.ts';

export const operationsPath = '/v1/operations';
export const sessionPath = '/v1/session';
export const readinessPath = '/v1/readiness';
export const defaultAgentPort = 24_017;

/**
 * How long after it was sent (milliseconds) a first request may begin anything. A request can lie in the network's
 * buffers for minutes after its sender has gone and somebody else has taken over, and must not do its work then. Shorter
 * than the lease that a successor waits for.
 */
export const validityMs = 10_000;

export const operationRequest = z.strictObject({
  /** The caller's name for it. The same one is the same operation, however often it is sent. */
  operation: z.uuid(),
  /** Who asks, and a number that rises with every operation of his: what was overtaken on its way does not begin. */
  sender: z.strictObject({ id: z.uuid(), sequence: z.int().min(0) }),
  /** The life of the agent that `expires` is about. */
  instance: z.uuid(),
  /** Milliseconds of the agent's own clock after which it must not begin. */
  expires: z.number(),
  verb: z.enum(verbNames),
  node: nodeRef,
  arguments: z.array(z.unknown()),
});
export type OperationRequest = z.infer<typeof operationRequest>;

export const operationAnswer = z.discriminatedUnion('state', [
  z.object({ state: z.literal('finished'), outcome: z.unknown() }),
  /** Ask again by the same id. */
  z.object({ state: z.literal('running') }),
]);

export const sessionAnswer = z.object({ node: branded(nodeId), instance: z.uuid(), clock: z.number() });
export type SessionAnswer = z.infer<typeof sessionAnswer>;

export const readinessAnswer = z.object({
  node: branded(nodeId),
  version: z.string(),
  ready: z.boolean(),
  /** Why it is not ready, or what did not go well although it is. */
  reasons: z.array(z.string()),
  devices: z.array(
    z.union([
      z.object({ device, facts: deviceFacts }),
      /** `problem`: the device cannot be used, and why. */
      z.object({ device, problem: z.string() }),
    ]),
  ),
});
export type ReadinessAnswer = z.infer<typeof readinessAnswer>;

/** Why the agent does not do what a request asks, by HTTP status. None of them has begun anything. */
export const refusals = {
  /** The body is none of this protocol's: another version speaks. */
  malformed: 400,
  /** The certificate does not say that the caller is the controller. */
  identity: 403,
  /** The configuration does not name the device. */
  device: 403,
  /** The request is for another node. */
  'wrong-node': 421,
  /** The request is for an earlier life of the agent. */
  'other-instance': 409,
  /** It was under way for too long. */
  late: 409,
  /** The id was used for something else. */
  reused: 409,
  /** The caller has called it off. */
  cancelled: 410,
  /** Something newer about the same thing, from the same caller, has begun. */
  overtaken: 410,
  /** The agent is starting, and its bricks are not mounted yet. */
  'not-ready': 503,
  stopping: 503,
  /** More is waiting than the agent takes on. */
  busy: 503,
} as const;
export type RefusalCode = keyof typeof refusals;

export const refusalAnswer = z.object({
  error: z.enum(Object.keys(refusals) as RefusalCode[]),
  message: z.string(),
});

/** Answers of a gRPC call that are no success: which code for what, in one place. */
import { status } from '@grpc/grpc-js';
import { z } from 'zod';
import type { Setback } from '../../domain/outcome.ts';
import { describeIssues } from '../../domain/schema.ts';

/** Ends a call with this code and text. Everything else that is thrown is INTERNAL. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

export const invalid = (message: string): Refusal => new Refusal(status.INVALID_ARGUMENT, message);
export const notFound = (message: string): Refusal => new Refusal(status.NOT_FOUND, message);
export const alreadyExists = (message: string): Refusal => new Refusal(status.ALREADY_EXISTS, message);
export const precondition = (message: string): Refusal => new Refusal(status.FAILED_PRECONDITION, message);

/**
 * What kubelets make of a code is what counts here. ABORTED, CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED and
 * UNAVAILABLE leave the volume "uncertain": it is asked for again, and undone should the pod go. Any other is final: the
 * kubelet takes it that nothing stands. So what may have happened, or was begun, must have one of the first kind.
 */
const codes: Readonly<Record<Exclude<Setback['kind'], 'rejected'>, status>> = {
  waiting: status.UNAVAILABLE,
  unknown: status.DEADLINE_EXCEEDED,
  failed: status.INTERNAL,
};

/** `whenRejected`: what it means for this call that its request can never work. */
export function refusalOf(setback: Setback, whenRejected: (reason: string) => Refusal): Refusal {
  return setback.kind === 'rejected' ? whenRejected(setback.reason) : new Refusal(codes[setback.kind], setback.reason);
}

/** What a call threw, as its answer; `undefined` for what nobody foresaw. */
export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof z.ZodError) {
    return invalid(describeIssues(error).replaceAll('\n', '; '));
  }
  return error instanceof Refusal ? error : undefined;
}

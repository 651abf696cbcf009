import { z } from 'zod';

/** A refusal in words, with a word for programs: what the server's error answers hold. */
export const adminFailure = z.object({
  error: z.object({
    /** invalid: the request is wrong · not-found · starting: soon · unavailable: not here, `message` says why · failed. */
    code: z.enum(['invalid', 'not-found', 'starting', 'unavailable', 'failed']),
    message: z.string(),
  }),
});
export type AdminFailureCode = z.infer<typeof adminFailure>['error']['code'];

/** The request was understood and could not be answered. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: AdminFailureCode;

  constructor(code: AdminFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

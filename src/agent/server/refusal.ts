import { refusals, type RefusalCode } from '../protocol/messages.ts';

/** The agent does not do what a request asks, and has not begun it. `message` is for the caller's log. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }

  /** HTTP status. */
  get status(): number {
    return refusals[this.code];
  }
}

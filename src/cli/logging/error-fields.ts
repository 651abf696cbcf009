/** What of an error is logged. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly cause?: ErrorFields;
  readonly errors?: readonly ErrorFields[];
}

const deepestCause = 5;

/**
 * An error as log fields: an allow-list, because HTTP clients hang whole requests with their headers onto the errors
 * that they throw. Anything that is not an Error is named by its type only.
 */
export function errorFields(error: unknown, depth = 0): ErrorFields {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: typeof error === 'string' ? error : 'something that is no Error was thrown' };
  }
  const { code } = error as { code?: unknown };
  const deeper = depth < deepestCause;
  return {
    type: error.name,
    message: error.message,
    ...(error.stack === undefined || depth > 0 ? {} : { stack: error.stack }),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.cause === undefined || !deeper ? {} : { cause: errorFields(error.cause, depth + 1) }),
    ...(error instanceof AggregateError && deeper
      ? { errors: error.errors.map((each) => errorFields(each, depth + 1)) }
      : {}),
  };
}

import { z } from 'zod';

/**
 * The one reader of API errors. Whatever goes wrong in a call (a Status body, a broken connection, a deadline, an
 * ERROR event of a watch, an exception of client-node) becomes a KubeError, and the predicates below are the only
 * places that look into one.
 */

/**
 * How far the call came.
 * `status`: the server answered with an error. `network`: no (whole) answer. `timeout`: no answer in time.
 * `aborted`: the caller gave up. `protocol`: an answer that makes no sense. `setup`: credentials or configuration.
 */
export type FailureKind = 'status' | 'network' | 'timeout' | 'aborted' | 'protocol' | 'setup';

/** One entry of a Status' details: which field was refused, and why. */
export interface FailureCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface KubeErrorFields {
  readonly kind: FailureKind;
  /** HTTP status, or the code of an ERROR event. 0 when there was no answer. */
  readonly code?: number;
  /** Kubernetes' word for it (`NotFound`, `Conflict`), or the system's (`ECONNRESET`). */
  readonly reason?: string;
  readonly retryAfterMs?: number | undefined;
  readonly causes?: readonly FailureCause[];
  /** The request never left this machine, so that nothing can have come of it. */
  readonly unsent?: boolean;
  readonly cause?: unknown;
}

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly kind: FailureKind;
  readonly code: number;
  readonly reason: string;
  /** What the server asked us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly FailureCause[];
  readonly unsent: boolean;
  /** Set by the client on calls that change something. */
  readonly write: boolean;

  constructor(message: string, fields: KubeErrorFields, write = false) {
    super(message, { cause: fields.cause });
    this.kind = fields.kind;
    this.code = fields.code ?? 0;
    this.reason = fields.reason ?? '';
    this.retryAfterMs = fields.retryAfterMs;
    this.causes = fields.causes ?? [];
    this.unsent = fields.unsent ?? false;
    this.write = write;
  }

  /** The same failure with what was being done in front of the message: `create persistentvolumes pvc-1: ...`. */
  during(call: string, write: boolean): KubeError {
    return new KubeError(`${call}: ${this.message}`, this, write);
  }
}

const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().nullish(),
  reason: z.string().nullish(),
  code: z.number().nullish(),
  details: z
    .object({
      retryAfterSeconds: z.number().nullish(),
      causes: z
        .array(z.object({ reason: z.string().nullish(), message: z.string().nullish(), field: z.string().nullish() }))
        .nullish(),
    })
    .nullish(),
});

/** Reads an answer with an error status. `body` is the parsed JSON, or text when it was none (a proxy's page). */
export function errorFromAnswer(code: number, body: unknown, retryAfterMs?: number): KubeError {
  const status = statusSchema.safeParse(body);
  if (!status.success) {
    const excerpt = typeof body === 'string' && body.trim() !== '' ? `: ${body.trim().slice(0, 200)}` : '';
    return new KubeError(`HTTP ${code}${excerpt}`, { kind: 'status', code, retryAfterMs });
  }
  const { message, reason, code: inner, details } = status.data;
  const asked = typeof details?.retryAfterSeconds === 'number' ? details.retryAfterSeconds * 1000 : undefined;
  return new KubeError(message ?? reason ?? `HTTP ${code}`, {
    kind: 'status',
    // An ERROR event arrives with HTTP 200 and has its code inside.
    code: inner ?? code,
    reason: reason ?? '',
    retryAfterMs: retryAfterMs ?? asked,
    causes: (details?.causes ?? []).map((cause) => ({
      reason: cause.reason ?? '',
      message: cause.message ?? '',
      field: cause.field ?? '',
    })),
  });
}

/** Failures of which the system says that no connection came about, so that the request was not sent. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The server's certificate was refused: TLS never came up. */
const certificateRefused = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;

const apiException = z.object({ code: z.int().min(100).max(599), body: z.unknown() });

/** Makes a KubeError of anything that was thrown. */
export function toKubeError(error: unknown): KubeError {
  if (error instanceof KubeError) {
    return error;
  }
  // client-node's ApiException: an HTTP code, and the body as text or already parsed.
  const exception = apiException.safeParse(error);
  if (exception.success) {
    return errorFromAnswer(exception.data.code, parsedIfJson(exception.data.body));
  }
  if (!(error instanceof Error)) {
    return new KubeError(String(error), { kind: 'network', cause: error });
  }
  const code = systemCode(error);
  const message = code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
  return new KubeError(message, {
    kind: 'network',
    reason: code,
    unsent: unsentCodes.has(code) || certificateRefused.test(code),
    cause: error,
  });
}

function parsedIfJson(body: unknown): unknown {
  if (typeof body !== 'string') {
    return body;
  }
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

/** The code of an error or of what is behind it: fetch wraps the socket's error, happy eyeballs a list of them. */
function systemCode(error: Error): string {
  const own = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (own !== '') {
    return own;
  }
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error ? systemCode(inner) : '';
}

// Plain booleans, not type guards: a `false` says nothing about the type, which a guard would claim.

function answered(error: unknown, code: number, reason?: string): boolean {
  return error instanceof KubeError && error.code === code && (reason === undefined || error.reason === reason);
}

export function isNotFound(error: unknown): boolean {
  return answered(error, 404);
}

/** The object has changed since it was read, or a precondition does not hold. */
export function isConflict(error: unknown): boolean {
  return answered(error, 409) && !isAlreadyExists(error);
}

export function isAlreadyExists(error: unknown): boolean {
  return answered(error, 409, 'AlreadyExists');
}

/** A watch position or continue token that the server no longer has: list again. Comes as HTTP 410 or in an event. */
export function isExpired(error: unknown): boolean {
  return answered(error, 410) || (error instanceof KubeError && error.reason === 'Expired');
}

export function isForbidden(error: unknown): boolean {
  return answered(error, 403);
}

export function isUnauthorized(error: unknown): boolean {
  return answered(error, 401);
}

/** The object breaks a rule of the API: the same request can never work. */
export function isInvalid(error: unknown): boolean {
  return answered(error, 422) || answered(error, 400);
}

export function isTooManyRequests(error: unknown): boolean {
  return answered(error, 429);
}

/** The caller's own signal ended the call. */
export function isAborted(error: unknown): boolean {
  return error instanceof KubeError && error.kind === 'aborted';
}

/** The same call may well work later: the server is overloaded, on its way up or down, or out of reach. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof KubeError)) {
    return false;
  }
  switch (error.kind) {
    case 'network':
    case 'timeout':
    case 'protocol':
      return true;
    case 'status':
      return error.code === 429 || error.code >= 500;
    case 'aborted':
    case 'setup':
      return false;
  }
}

/**
 * A write whose answer was lost: it may have happened. Look before doing anything else. True as well for 5xx answers,
 * because "etcdserver: request timed out" and a proxy's 502 say nothing about what became of the write.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof KubeError && error.write && !error.unsent && (error.kind !== 'status' || error.code >= 500);
}

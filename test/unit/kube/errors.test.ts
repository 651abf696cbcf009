import { describe, expect, test } from 'vitest';
import {
  errorFromAnswer,
  isAborted,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isOutcomeUnknown,
  isTooManyRequests,
  isTransient,
  isUnauthorized,
  KubeError,
  toKubeError,
} from '../../../src/kube/errors.ts';

const predicates = {
  isAborted,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isOutcomeUnknown,
  isTooManyRequests,
  isTransient,
  isUnauthorized,
};

function truthsAbout(error: unknown): string[] {
  return Object.entries(predicates).flatMap(([name, predicate]) => (predicate(error) ? [name] : []));
}

const statusBody = (code: number, reason: string): object => ({ kind: 'Status', code, reason, message: reason });

describe('what is true of an answer', () => {
  test.each<[number, string, readonly string[]]>([
    [400, 'BadRequest', ['isInvalid']],
    [401, 'Unauthorized', ['isUnauthorized']],
    [403, 'Forbidden', ['isForbidden']],
    [404, 'NotFound', ['isNotFound']],
    [409, 'AlreadyExists', ['isAlreadyExists']],
    [409, 'Conflict', ['isConflict']],
    [410, 'Gone', ['isExpired']],
    [410, 'Expired', ['isExpired']],
    [422, 'Invalid', ['isInvalid']],
    [429, 'TooManyRequests', ['isTooManyRequests', 'isTransient']],
    [500, 'InternalError', ['isTransient']],
    [503, 'ServiceUnavailable', ['isTransient']],
    [504, 'Timeout', ['isTransient']],
  ])('%d %s', (code, reason, truths) => {
    expect(truthsAbout(errorFromAnswer(code, statusBody(code, reason)))).toEqual(truths);
  });

  test('an ERROR event has its code inside', () => {
    expect(truthsAbout(errorFromAnswer(500, statusBody(410, 'Expired')))).toEqual(['isExpired']);
  });

  test('how long to wait is read from the header or from the body, the header first', () => {
    const body = { ...statusBody(429, 'TooManyRequests'), details: { retryAfterSeconds: 3 } };

    expect(errorFromAnswer(429, body).retryAfterMs).toBe(3_000);
    expect(errorFromAnswer(429, body, 5_000).retryAfterMs).toBe(5_000);
    expect(errorFromAnswer(429, {}).retryAfterMs).toBeUndefined();
  });

  test.each<[unknown, string]>([
    ['', 'HTTP 502'],
    ['<html>Bad Gateway</html>', 'HTTP 502: <html>Bad Gateway</html>'],
    [{ kind: 'Something' }, 'HTTP 502'],
    [{ kind: 'Status' }, 'HTTP 502'],
    [{ kind: 'Status', reason: 'Because' }, 'Because'],
  ])('a body of %j reads as %s', (body, message) => {
    expect(errorFromAnswer(502, body).message).toBe(message);
  });
});

describe('what is true of a call without an answer', () => {
  const failure = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN'])(
    '%s: a write has not happened',
    (code) => {
      const error = toKubeError(failure(code)).during('create', true);

      expect(truthsAbout(error)).toEqual(['isTransient']);
      expect(error).toMatchObject({ kind: 'network', reason: code, unsent: true });
    },
  );

  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])('%s: a write may have happened', (code) => {
    expect(truthsAbout(toKubeError(failure(code)).during('create', true))).toEqual(['isOutcomeUnknown', 'isTransient']);
    expect(truthsAbout(toKubeError(failure(code)).during('get', false))).toEqual(['isTransient']);
  });

  test('the code is found behind the error that wraps it', () => {
    const wrapped = new TypeError('fetch failed', { cause: failure('ECONNREFUSED') });
    const several = new AggregateError([failure('ECONNREFUSED'), failure('ECONNREFUSED')]);

    expect(toKubeError(wrapped)).toMatchObject({ unsent: true, message: 'ECONNREFUSED: fetch failed' });
    expect(toKubeError(several).unsent).toBe(true);
  });

  test('a write that timed out, or that was given up on the way, may have happened', () => {
    expect(truthsAbout(new KubeError('late', { kind: 'timeout' }, true))).toEqual(['isOutcomeUnknown', 'isTransient']);
    expect(truthsAbout(new KubeError('enough', { kind: 'aborted' }, true))).toEqual(['isAborted', 'isOutcomeUnknown']);
    expect(truthsAbout(new KubeError('enough', { kind: 'aborted', unsent: true }, true))).toEqual(['isAborted']);
  });

  test('the outcome of a write is unknown after 5xx, and known after 4xx', () => {
    const answered = (code: number): KubeError => errorFromAnswer(code, {}).during('create', true);

    expect([400, 404, 409, 422, 429, 500, 502, 503, 504].map((code) => isOutcomeUnknown(answered(code)))).toEqual([
      ...Array.from({ length: 5 }, () => false),
      ...Array.from({ length: 4 }, () => true),
    ]);
  });

  test('a problem of the set-up is not transient', () => {
    expect(truthsAbout(new KubeError('no cluster', { kind: 'setup', unsent: true }, true))).toEqual([]);
  });
});

describe('what others throw', () => {
  test.each<[string, unknown]>([
    ['as text', JSON.stringify(statusBody(404, 'NotFound'))],
    ['parsed', statusBody(404, 'NotFound')],
  ])("client-node's ApiException with its body %s is read", (_name, body) => {
    const exception = Object.assign(new Error('HTTP-Code: 404'), { code: 404, body, headers: {} });

    expect(toKubeError(exception)).toMatchObject({
      kind: 'status',
      code: 404,
      reason: 'NotFound',
      message: 'NotFound',
    });
  });

  test.each([['text'], [undefined], [null], [42]])('%j becomes an error too', (thrown) => {
    expect(toKubeError(thrown)).toMatchObject({ kind: 'network', message: String(thrown) });
  });

  test('nothing is true of what is no KubeError', () => {
    expect([new Error('x'), Object.assign(new Error('x'), { code: 404 }), undefined].flatMap(truthsAbout)).toEqual([]);
  });

  test('a KubeError stays what it is, and keeps everything when it learns what was being done', () => {
    const error = errorFromAnswer(429, statusBody(429, 'TooManyRequests'), 1_000);
    const told = error.during('create persistentvolumes x', true);

    expect(toKubeError(error)).toBe(error);
    expect(told).toMatchObject({ kind: 'status', code: 429, retryAfterMs: 1_000, write: true });
    expect(told.message).toBe('create persistentvolumes x: TooManyRequests');
  });
});

import { describe, expect, it } from 'vitest';
import { redactionDepth, secretFields } from '../../../src/cli/logging/redaction.ts';
import { loggerTo } from '../../../src/cli/logging/logger.ts';

const secret = 'hunter2-do-not-print';

function logged(write: (log: ReturnType<typeof loggerTo>) => void): string {
  const lines: string[] = [];
  write(loggerTo({ write: (line) => void lines.push(line) }, 'debug'));
  return lines.join('');
}

/** `{field: secret}` under `depth` levels, every other one of them a list. */
function nested(field: string, depth: number): Record<string, unknown> {
  const inner = depth <= 0 ? { [field]: secret, kept: 'visible' } : undefined;
  if (inner !== undefined) {
    return inner;
  }
  return depth % 2 === 0 && depth >= 2 ? { list: [nested(field, depth - 2)] } : { branch: nested(field, depth - 1) };
}

describe('log redaction', () => {
  const cases = secretFields.flatMap((field) =>
    Array.from({ length: redactionDepth + 1 }, (_, depth) => ({ field, depth })),
  );

  it.each(cases)('keeps $field at depth $depth out of the log, and the rest in', ({ field, depth }) => {
    const output = logged((log) => log.info(nested(field, depth), 'a line'));
    expect(output).not.toContain(secret);
    expect(output).toContain('[redacted]');
    expect(output).toContain('visible');
  });

  it.each(secretFields)('keeps %s out of a child logger bindings', (field) => {
    const output = logged((log) => log.child(nested(field, 2)).warn({}, 'a line'));
    expect(output).not.toContain(secret);
    expect(output).toContain('a line');
  });

  it('keeps the data of a Secret out, wherever the object stands', () => {
    const object = { kind: 'Secret', metadata: { name: 's' }, data: { any: secret }, stringData: { other: secret } };
    const output = logged((log) => {
      log.info({ object }, 'one');
      log.info({ answer: { items: [object] } }, 'a list');
    });
    expect(output).not.toContain(secret);
    expect(output).toContain('"name":"s"');
  });

  it('logs of an error only its type, message, stack, code and causes', () => {
    const error = Object.assign(new Error('request failed'), {
      code: 'ECONNRESET',
      config: { headers: { 'x-api-secret-header': secret } },
      request: { raw: secret },
      cause: Object.assign(new Error('deeper'), { response: { body: secret } }),
    });
    const output = logged((log) => {
      log.error({ err: error }, 'it broke');
      log.error({ error: new AggregateError([error], 'several') }, 'they broke');
      log.error({ reason: error }, 'why');
    });
    expect(output).not.toContain(secret);
    expect(output).toContain('ECONNRESET');
    expect(output).toContain('deeper');
    expect(output).toContain('several');
  });
});

import { z } from 'zod';
import { parseQuantity, type Bytes } from '../../domain/quantity.ts';

/** What a person is told about one field of the configuration: in `--help`, in docs/configuration.md, in an error. */
interface LeafMeta {
  readonly description: string;
  /** Completes the sentence "expected ...". */
  readonly expected: string;
}

/** What a source may give for a field, and what becomes of it. */
export type Leaf<T> = z.ZodType<T, string | number | boolean>;

/**
 * One field. Text from a flag or the environment and a native value from YAML go through the same grammar, so a value
 * that one source accepts is accepted by all. `parse` answers `undefined` for what it does not understand.
 */
function leaf<T>(meta: LeafMeta, parse: (text: string) => T | undefined): Leaf<T> {
  const complaint = (got: unknown): string => `expected ${meta.expected}, got ${JSON.stringify(got)}`;
  return z
    .union([z.string(), z.number(), z.boolean()], { error: (issue) => complaint(issue.input) })
    .transform((raw, context): T => {
      const value = parse(String(raw).trim());
      if (value === undefined) {
        context.addIssue({ code: 'custom', message: complaint(raw) });
        return z.NEVER;
      }
      return value;
    })
    .meta({ ...meta });
}

/** Text that `grammar` matches. */
export const text = (description: string, expected: string, grammar: RegExp): Leaf<string> =>
  leaf({ description, expected }, (value) => (grammar.test(value) ? value : undefined));

/** Text that `parse` turns into a branded name; it throws when it cannot. */
export const name = <T>(description: string, expected: string, parse: (text: string) => T): Leaf<T> =>
  leaf({ description, expected }, (value) => {
    try {
      return parse(value);
    } catch {
      return undefined;
    }
  });

/** Any text that is not empty, such as a path. */
export const path = (description: string, expected = 'a path'): Leaf<string> => text(description, expected, /^[^\0]+$/);

/** A program and its first arguments, as a list of words: no quoting, and no shell ever sees them. */
export const words = (description: string): Leaf<readonly string[]> =>
  leaf({ description, expected: 'words without quotes, such as nsenter --target 1 --mount --ipc --' }, (value) =>
    /^[\w./:=@%+, -]*$/.test(value) ? value.split(' ').filter((word) => word !== '') : undefined,
  );

/** `true` or `false`. */
export const toggle = (description: string): Leaf<boolean> =>
  leaf({ description, expected: 'true or false' }, (value) =>
    value === 'true' ? true : value === 'false' ? false : undefined,
  );

/** A whole number from `min` to `max`, both included. */
export const count = (description: string, min: number, max: number): Leaf<number> =>
  leaf({ description, expected: `a whole number from ${min} to ${max}` }, (value) => {
    const number = Number(value);
    return /^\d+$/.test(value) && number >= min && number <= max ? number : undefined;
  });

/** One of a closed list of words. */
export const choice = <const T extends string>(description: string, words: readonly T[]): Leaf<T> =>
  leaf({ description, expected: `one of ${words.join(', ')}` }, (value) => words.find((word) => word === value));

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A length of time with its unit, as milliseconds. */
export const duration = (description: string): Leaf<number> =>
  leaf({ description, expected: 'a duration such as 500ms, 15s, 5m or 1h' }, (value) => {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? [];
    const factor = milliseconds[unit];
    return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
  });

/** A Kubernetes quantity, as bytes. */
export const size = (description: string): Leaf<Bytes> => name(description, 'a size such as 1Gi or 4Ti', parseQuantity);

import { z } from 'zod';
import { messageOf } from './error-message.ts';
import { bytes, type Bytes } from './quantity.ts';

/**
 * What a description of the data for others (a JSON schema) says of a text. `parse` has the last word: this may take more
 * than it does, never less. `pattern` is for Go's regular expressions as well, which know no look-ahead.
 */
export interface TextShape {
  readonly pattern: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** A zod schema for text that `parse` turns into a branded name, with its message as the issue when it throws. */
export function branded<T extends string>(parse: (text: string) => T, shape?: TextShape): z.ZodType<T, string> {
  const text = shape === undefined ? z.string() : z.string().meta({ ...shape });
  return text.transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });
}

const byteShape = { type: 'integer', format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

/** A zod schema for a whole number of bytes. */
export const byteSize = z
  .number()
  .meta(byteShape)
  .transform((value, context): Bytes => {
    try {
      return bytes(value);
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });

/** One line a problem, each led by the path of its field: `nodes[2].zone: expected ...`. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const path = issue.path.reduce<string>(
        (text, key) =>
          typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
        '',
      );
      const words = issueWords(issue);
      return path === '' ? words : `${path}: ${words}`;
    })
    .join('\n');
}

const typeNames: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  undefined: 'nothing',
};

/** The message of an issue, without zod's own words for what has the wrong type or is not there. */
export function issueWords({ message }: Pick<z.core.$ZodIssue, 'message'>): string {
  const [, choice] = /^Invalid option: expected one of (.*)$/.exec(message) ?? [];
  if (choice !== undefined) {
    return `expected one of ${choice.replaceAll('"|"', ', ').replaceAll('"', '')}`;
  }
  const [, expected = '', got = ''] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  return expected === '' ? message : `expected ${typeNames[expected] ?? expected}, got ${typeNames[got] ?? got}`;
}

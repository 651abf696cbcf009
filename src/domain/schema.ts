import { z } from 'zod';
import { bytes, type Bytes } from './quantity.ts';

/** A zod schema for text that `parse` turns into a branded name, with its message as the issue when it throws. */
export function branded<T extends string>(parse: (text: string) => T): z.ZodType<T, string> {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
      return z.NEVER;
    }
  });
}

/** A zod schema for a whole number of bytes. */
export const byteSize = z.number().transform((value, context): Bytes => {
  try {
    return bytes(value);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
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
      return path === '' ? issue.message : `${path}: ${issue.message}`;
    })
    .join('\n');
}

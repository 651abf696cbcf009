/** Shapes that several answers share. */
import { z } from 'zod';
import { hostName, type HostName } from '../../domain/names.ts';

/** A whole number in text. */
export const wholeNumber = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number);

/** `-` and `N/A` stand for numbers that gluster does not know. */
export const numberIfKnown = z.string().transform((text) => (/^-?\d+$/.test(text) ? Number(text) : undefined));

/** An element that is there but empty reads as ''; this makes it an object without entries. */
export const container = <T extends z.ZodType>(shape: T): z.ZodPreprocess<T> =>
  z.preprocess((value) => (value === '' ? {} : value), shape);

/** `host:/path` taken apart. The host may be an IPv6 address, the path may hold colons. */
export const brickPlace = z.string().transform((text, context): { host: HostName; path: string } => {
  const colon = text.indexOf(':/');
  try {
    return { host: hostName(text.slice(0, Math.max(0, colon))), path: text.slice(colon + 1) };
  } catch {
    context.addIssue(`expected host:/path, got ${JSON.stringify(text)}`);
    return z.NEVER;
  }
});

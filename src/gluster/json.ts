import type { z } from 'zod';
import { describeIssues } from '../domain/schema.ts';

/** A tool on a node printed something else than the report that it was asked for. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/** Reads JSON output of `tool`. Throws ReportError, which names the tool and the field. */
export function parseJson<T extends z.ZodType>(tool: string, text: string, shape: T): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ReportError(`${tool}: expected JSON, got ${JSON.stringify(text.slice(0, 200))}`);
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) {
    throw new ReportError(`${tool}: ${describeIssues(parsed.error)}`);
  }
  return parsed.data;
}

/**
 * Kubernetes' MicroTime: RFC 3339 in UTC with six digits of a second. The API server refuses any other number of
 * digits, such as the three that Date gives.
 */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

/** Kubernetes' Time: RFC 3339 in UTC, whole seconds. */
export function wholeSecondTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

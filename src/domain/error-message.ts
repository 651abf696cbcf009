/** What a caught value says. Anything can be thrown, not errors only. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

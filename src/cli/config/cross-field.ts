/** A rule over several fields that is broken. */
export interface CrossFieldProblem {
  readonly path: readonly string[];
  readonly message: string;
}

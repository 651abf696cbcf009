/** What a command may see and touch of the world around it. `main` gives it the process's own; tests give it another. */
export interface Io {
  /** Results. Each call ends its line. */
  readonly out: (line: string) => void;
  /** Everything else: progress, questions, complaints. */
  readonly err: (line: string) => void;
  /** May questions be asked? */
  readonly interactive: boolean;
  /** Asks for a yes or no; only called when `interactive`. */
  readonly confirm: (question: string) => Promise<boolean>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The programs that a run on kind is made of, as lists of words. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RunOptions {
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Not ended by the signal that ends everything else, nor by a Ctrl-C on the terminal. */
  readonly isLast?: boolean;
}

export type Answer =
  | { readonly kind: 'absent' }
  | { readonly kind: 'exited'; readonly ok: boolean; readonly said: string };

export interface Programs {
  /** Runs one to its end, for everybody to see. Rejects when it is not there, or ends with anything but 0. */
  run(argv: readonly string[], options?: RunOptions): Promise<void>;
  /** Runs one in silence. */
  ask(argv: readonly string[]): Promise<Answer>;
}

/** Those on PATH. When `signal` aborts, the one that runs is ended and `run` rejects. */
export function realPrograms(signal: AbortSignal, show: (line: string) => void): Programs {
  return {
    run: async (argv, { environment = {}, isLast = false } = {}) => {
      show(`--- ${argv.join(' ')}`);
      const child = spawn(argv[0] ?? '', argv.slice(1), {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, ...environment },
        detached: isLast,
        ...(isLast ? {} : { signal }),
      });
      const [code, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      if (code !== 0) {
        throw new Error(`${argv.slice(0, 2).join(' ')} ended with ${code ?? by}`);
      }
    },
    ask: async (argv) => {
      const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], signal });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      try {
        const [code] = (await once(child, 'close')) as [number | null];
        return { kind: 'exited', ok: code === 0, said };
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
          return { kind: 'absent' };
        }
        throw error;
      }
    },
  };
}

import { CommanderError } from 'commander';
import { CommandError, exitCode, UsageError, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import { processIo } from './process-io.ts';
import { buildProgram } from './program.ts';

/** Runs one command line (without `node` and the script) and says what the process should end with. Never throws. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<ExitCode> {
  let code: ExitCode = exitCode.done;
  try {
    const program = await buildProgram(
      io,
      (ended) => {
        code = ended;
      },
      argv,
    );
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, io);
  }
}

function explain(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has printed help, a version or one line about the mistake.
    return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  }
  if (error instanceof UsageError) {
    for (const line of error.message.split('\n')) {
      io.err(`brickyard: ${line}`);
    }
    return exitCode.usage;
  }
  if (error instanceof CommandError) {
    io.err(`brickyard: ${error.message}`);
    return exitCode.failed;
  }
  // Not foreseen: whoever reports it needs the place.
  io.err(`brickyard: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return exitCode.failed;
}

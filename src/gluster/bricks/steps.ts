/** Commands as steps of a verb: `undefined` when it may go on, else the setback that ends it. */
import type { Setback } from '../../domain/outcome.ts';
import type { Errand } from '../errand.ts';
import type { Command, Exited } from '../runner.ts';

/** Runs a command. A failure that `forgiven` knows means that what the command is for is so already. */
export async function step(
  errand: Errand,
  command: Command,
  forgiven: (exited: Exited) => boolean = () => false,
): Promise<Setback | undefined> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  return exited.exitCode === 0 || forgiven(exited) ? undefined : errand.failure(command, exited);
}

/** Runs a look that must succeed, and reads what it printed. */
export async function look<T>(
  errand: Errand,
  command: Command,
  parse: (text: string) => T,
): Promise<{ readonly kind: 'read'; readonly value: T } | Setback> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  return exited.exitCode === 0 ? errand.read(() => parse(exited.stdout)) : errand.failure(command, exited);
}

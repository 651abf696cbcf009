/** What a command and its result look like over HTTP. Both ends parse by these. */
import { z } from 'zod';
import { hostName, nodeId } from '../domain/names.ts';
import { branded } from '../domain/schema.ts';
import type { CommandResult } from './runner.ts';

/** Path of the one call that runs a command. */
export const commandPath = '/v1/commands';

export const commandRequest = z.object({
  node: z.object({ id: branded(nodeId), manage: branded(hostName), storage: branded(hostName) }),
  argv: z.array(z.string().min(1)).min(1),
  deadlineMs: z.number().positive(),
});

export const commandResult: z.ZodType<CommandResult> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exited'), exitCode: z.int(), stdout: z.string(), stderr: z.string() }),
  z.object({
    kind: z.literal('not-started'),
    cause: z.enum(['unreachable', 'no-such-program', 'refused', 'aborted']),
    reason: z.string(),
  }),
  z.object({ kind: z.literal('lost'), reason: z.string() }),
]);

/** What host and guest say to each other: a line of JSON each. */
import { z } from 'zod';
import type { NodeRef } from '../../src/domain/topology.ts';
import type { Command } from '../../src/gluster/runner.ts';
import { commandResult } from '../../src/gluster/wire.ts';

/** To the guest. */
export type Request =
  | { readonly kind: 'run'; readonly id: number; readonly node: NodeRef; readonly command: Command }
  | { readonly kind: 'abort'; readonly id: number };

/** From the guest. */
export const response = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('result'), id: z.int(), result: commandResult }),
]);
export type Response = z.infer<typeof response>;

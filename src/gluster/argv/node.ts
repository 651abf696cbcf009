/** Command lines that ask a node about itself. */
import { command } from '../command.ts';
import { deadlines } from '../deadlines.ts';
import type { Command } from '../runner.ts';

/** Random, made by the kernel when it starts. */
export const readBootId = (): Command => command(deadlines.look, 'cat', '/proc/sys/kernel/random/boot_id');

export const listAddresses = (): Command => command(deadlines.look, 'ip', '-json', 'address', 'show');

/** The file of a UNIX socket: who listens on it, and what a dead process left. */
import { lstat, mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { isMissingFile } from '../missing-file.ts';
import type { HostPath } from '../protocol/grammar.ts';

/** The kernel's bound, its closing zero taken off. */
const longestSocketPath = 107;

/** Makes room for a socket at `path`. Throws Error when somebody listens there, or when a file of another kind is there. */
export async function makeRoom(path: HostPath): Promise<void> {
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw new Error(`${path}: expected a path of at most ${longestSocketPath} bytes for a socket`);
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const kind = await kindOf(path);
  if (kind === 'other') {
    throw new Error(`${path}: expected a socket or nothing, got a file of another kind`);
  }
  if (kind === 'socket' && (await answers(path))) {
    throw new Error(`${path}: expected nobody to listen there, but another process does; is it being replaced?`);
  }
  await rm(path, { force: true });
}

export async function kindOf(path: HostPath): Promise<'nothing' | 'socket' | 'other'> {
  try {
    return (await lstat(path)).isSocket() ? 'socket' : 'other';
  } catch (error) {
    if (isMissingFile(error)) {
      return 'nothing';
    }
    throw error;
  }
}

function answers(path: HostPath): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

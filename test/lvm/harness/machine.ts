/** One run of the guest: a QEMU process, from power on to power off. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { Port } from './port.ts';

/** Milliseconds. It takes 12,000 on a quiet machine with two cores, ten times that when eight others want them. */
const bootDeadline = 300_000;

export interface Machine {
  readonly runner: CommandRunner;
  /** Takes the power away. */
  end(): Promise<void>;
}

/** Resolves when the guest takes commands. `words`: for QEMU, which runs in `folder` and finds `commands.sock` there. */
export async function startMachine(folder: string, words: readonly string[]): Promise<Machine> {
  const path = join(folder, 'commands.sock');
  await rm(path, { force: true });
  const server = createServer();
  const connected = once(server, 'connection') as Promise<[Socket]>;
  server.listen(path);
  await once(server, 'listening');
  // The guest ends with this process, however that ends.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const consoleTail = tailOf(child);
  const ended = once(child, 'close');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const booted = new AbortController();
  const failed = Promise.race([ended, delay(bootDeadline, undefined, { signal: booted.signal })]).then(() => {
    throw new Error(`the guest did not boot: ${consoleTail()}`);
  });
  // It fails at the latest when the machine ends; nobody listens any more then.
  failed.catch(() => undefined);
  try {
    const [socket] = await Promise.race([connected, failed]);
    const port = new Port(socket);
    await Promise.race([port.ready, failed]);
    return { runner: port, end };
  } catch (error) {
    await end();
    throw error;
  } finally {
    booted.abort();
    server.close();
  }
}

/** The last that the guest's console and QEMU itself have said. */
function tailOf({ stdout, stderr }: ChildProcess): () => string {
  let text = '';
  for (const stream of [stdout, stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4_000);
    });
  }
  return () => text;
}

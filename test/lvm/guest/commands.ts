/**
 * Runs in the guest: takes commands from a virtio port, one line of JSON each, and runs them with the project's own local
 * runner. Ends when the host lets go of the port.
 *
 * Lines are not checked: the other end is the same test. Whatever is imported here takes ten times as long as usual.
 */
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import type { Request, Response } from '../protocol.ts';

const [path = ''] = process.argv.slice(2);
const port = await open(path, 'r+');
const output = port.createWriteStream({ autoClose: false });
const say = (response: Response): void => {
  output.write(`${JSON.stringify(response)}\n`);
};
const runner = createLocalRunner({ clock: systemClock });
const running = new Map<number, AbortController>();

async function answer({ id, node, command }: Extract<Request, { kind: 'run' }>): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  const result = await runner.run(node, command, { signal: abort.signal });
  running.delete(id);
  say({ kind: 'result', id, result });
}

say({ kind: 'ready' });
for await (const line of createInterface(port.createReadStream({ autoClose: false }))) {
  const asked = JSON.parse(line) as Request;
  if (asked.kind === 'abort') {
    running.get(asked.id)?.abort();
    continue;
  }
  void answer(asked);
}
// A read of the port that is under way would keep the process.
process.exit();

/** The host's end of the port through which the guest takes commands. */
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { CallContext } from '../../../src/engine/ports.ts';
import type { Command, CommandResult, CommandRunner } from '../../../src/gluster/runner.ts';
import { response, type Request } from '../protocol.ts';

export class Port implements CommandRunner {
  /** Resolves when the guest takes commands. */
  readonly ready: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (result: CommandResult) => void>();
  #last = 0;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    // A power cut may reset the connection; the close that follows says all there is to say.
    socket.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    createInterface(socket)
      .on('line', (line) => {
        const said = response.parse(JSON.parse(line));
        if (said.kind === 'ready') {
          resolve();
          return;
        }
        this.#waiting.get(said.id)?.(said.result);
        this.#waiting.delete(said.id);
      })
      .on('close', () => this.#lost());
  }

  async run(node: NodeRef, command: Command, { signal }: CallContext): Promise<CommandResult> {
    if (this.#closed) {
      return { kind: 'not-started', cause: 'unreachable', reason: 'the guest is off' };
    }
    if (signal.aborted) {
      return { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' };
    }
    this.#last += 1;
    const id = this.#last;
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    this.#waiting.set(id, resolve);
    const abort = (): void => this.#say({ kind: 'abort', id });
    signal.addEventListener('abort', abort);
    this.#say({ kind: 'run', id, node, command });
    const result = await promise;
    signal.removeEventListener('abort', abort);
    return result;
  }

  #say(asked: Request): void {
    this.#socket.write(`${JSON.stringify(asked)}\n`);
  }

  #lost(): void {
    this.#closed = true;
    this.#waiting.forEach((resolve) => resolve({ kind: 'lost', reason: 'the guest is gone' }));
    this.#waiting.clear();
  }
}

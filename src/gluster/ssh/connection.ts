/** One ssh connection to a node, with as many sessions at a time as the node allows. */
import type { Clock } from '../../domain/clock.ts';
import { words, type Patience } from '../patience.ts';
import type { Exited, Lost, NotStarted } from '../runner.ts';
import { drop, type OpenClient } from './connect.ts';
import { runSession, type SessionEnd } from './session.ts';
import { SessionSlots } from './slots.ts';

/** `unsent`: the connection is gone, and the command has not left. */
export type Executed = Exited | Lost | NotStarted | { readonly kind: 'unsent' };

/**
 * A session that has ended counts at the other end a moment longer than here, so one that is refused is asked for again:
 * after so many milliseconds at first, twice as many each time. With no other session open it is a real refusal after so
 * many times.
 */
const again = { first: 20, longest: 1_000, alone: 6 } as const;

export class Connection {
  readonly #open: OpenClient;
  readonly #clock: Clock;
  readonly #slots = new SessionSlots();
  #closed = false;

  constructor(open: OpenClient, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
    open.client.once('close', () => {
      this.#closed = true;
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** `lost`: called when the connection ends, whoever ended it. */
  onClose(lost: () => void): void {
    this.#open.client.once('close', lost);
  }

  /** What is under way is lost. */
  close(): void {
    this.#closed = true;
    drop(this.#open.socket);
  }

  /** `line`: asked for in the moment in which it goes out, and may then say that nothing is to go out any more. */
  async execute(line: () => string | NotStarted, caller: Patience): Promise<Executed> {
    let alone = 0;
    for (let pause: number = again.first; ; pause = Math.min(2 * pause, again.longest)) {
      const end = await this.#once(line, caller);
      if (end.kind === 'refused') {
        return { kind: 'not-started', cause: 'refused', reason: end.reason };
      }
      if (end.kind !== 'no-session') {
        return end;
      }
      alone = this.#slots.taken === 0 ? alone + 1 : 0;
      if (alone === again.alone) {
        return { kind: 'not-started', cause: 'refused', reason: `no session: ${end.reason}` };
      }
      const given = await this.#pause(pause, caller);
      if (given !== 'again') {
        return tooLate(given);
      }
    }
  }

  async #once(line: () => string | NotStarted, caller: Patience): Promise<SessionEnd | NotStarted> {
    const turn = await this.#slots.take(caller);
    if (turn !== 'taken') {
      return tooLate(turn);
    }
    const text = line();
    if (typeof text !== 'string') {
      this.#slots.release();
      return text;
    }
    const session = runSession(this.#open.client, text, caller, () => !this.#closed);
    const end = await session.end;
    if (end.kind === 'no-session') {
      this.#slots.refused();
    } else {
      // Maybe later than the answer: the node still ends what was given up.
      void session.closed.then(() => this.#slots.release());
    }
    return end;
  }

  #pause(ms: number, { over }: Patience): Promise<'again' | 'deadline' | 'aborted'> {
    return Promise.race([this.#clock.sleep(ms).then(() => 'again' as const), over]);
  }
}

const tooLate = (why: 'deadline' | 'aborted'): NotStarted =>
  why === 'aborted'
    ? { kind: 'not-started', cause: 'aborted', reason: words.aborted }
    : { kind: 'not-started', cause: 'unreachable', reason: `${words.deadline} before a session was free` };

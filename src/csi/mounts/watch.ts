/**
 * Looks at our mounts every few seconds, and whenever one was made, and mounts again what has died. A client that has ended
 * takes its mounts with it, for good: nothing can be lost by replacing them. The staged one comes first, by the words that the
 * process list showed while its client was alive, to this process or to an earlier one (memory.ts); then each pod's. A container
 * that runs still has the dead mount, and gets the new one when it is started again: that is for others to tell.
 */
import { done, failed, joinOutcomes, type Outcome } from '../../domain/outcome.ts';
import type { VolumeName } from '../../domain/names.ts';
import type { CallContext } from './api.ts';
import { restartWords } from './client.ts';
import { Host } from './host.ts';
import { known, type KnownMount, type Shown } from './known.ts';
import type { ClientWords, Memory } from './memory.ts';
import { publish } from './publish.ts';
import { at, type Room } from './room.ts';
import { see } from './sight.ts';
import { start, withoutDead } from './stage.ts';

interface About {
  readonly directory: string;
  readonly volume?: VolumeName;
  /** Directories of pods that show or showed it. */
  readonly targets: readonly string[];
}

type Change =
  /** A client has ended. Said once. */
  | { readonly kind: 'dead' }
  /** It is mounted again. Containers that ran meanwhile see it once they are started again. */
  | { readonly kind: 'repaired' }
  /** Said again only when the reason is another one. */
  | { readonly kind: 'not-repaired'; readonly reason: string };

export type MountNotice = Change & About;

export interface WatchOptions {
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Told after each change. Must not throw. */
  readonly listener: (notice: MountNotice) => void;
  /** What earlier processes have seen. Absent: nothing. */
  readonly memory?: Memory;
  /** Told what is mounted after each look. */
  readonly looked?: (mounts: readonly KnownMount[]) => void;
}

/** Resolves when the signal has fired and the look that was under way is over. */
export async function watch(room: Room, options: WatchOptions): Promise<void> {
  const { signal, everyMs } = options;
  const patrol = new Patrol(room, options, (await options.memory?.recall()) ?? new Map());
  while (!signal.aborted) {
    // A mount that is made during the look, too, is seen and remembered at once, and not after the rest.
    const woken = AbortSignal.any([signal, room.bell.signal]);
    await patrol.look();
    await room.clock.sleep(everyMs, woken).catch(() => undefined);
  }
}

class Patrol {
  readonly #room: Room;
  readonly #options: WatchOptions;
  /** By directory, the words that its client was started with. */
  readonly #words: Map<string, readonly string[]>;
  /** `#words` as they were last given to the memory. */
  #remembered: string;
  /** By directory, what was said of it. */
  readonly #said = new Map<string, string>();

  constructor(room: Room, options: WatchOptions, recalled: ClientWords) {
    this.#room = room;
    this.#options = options;
    this.#words = new Map(recalled);
    this.#remembered = inWords(recalled);
  }

  async look(): Promise<void> {
    const context = { signal: this.#options.signal };
    const mounts = await known(this.#room, new Host(this.#room, context));
    if (mounts.kind !== 'found') {
      return;
    }
    this.#options.looked?.(mounts.value);
    this.#forgetBut(new Set(mounts.value.map(({ directory }) => directory)));
    for (const { client, directory } of mounts.value) {
      if (client !== undefined) {
        this.#words.set(directory, client.argv);
      }
    }
    await this.#remember();
    for (const mount of mounts.value) {
      if (!this.#options.signal.aborted) {
        await this.#tend(mount, context);
      }
    }
  }

  async #remember(): Promise<void> {
    const words = inWords(this.#words);
    if (words !== this.#remembered) {
      this.#remembered = words;
      await this.#options.memory?.remember(this.#words);
    }
  }

  #forgetBut(directories: ReadonlySet<string>): void {
    for (const directory of [...this.#words.keys(), ...this.#said.keys()].filter((each) => !directories.has(each))) {
      this.#words.delete(directory);
      this.#said.delete(directory);
    }
  }

  async #tend(mount: KnownMount, context: CallContext): Promise<void> {
    if (mount.client === undefined) {
      const sight = await see(this.#room, new Host(this.#room, context), mount.directory);
      if (sight.kind === 'found' && sight.value.standing.kind === 'dead') {
        this.#say(mount, { kind: 'dead' });
        this.#tell(mount, await this.#again(mount, context));
      }
      return;
    }
    const stale = await this.#dead(mount.stale, context);
    if (stale.length > 0) {
      this.#tell(mount, await this.#show(mount.directory, stale, context));
    } else {
      this.#said.delete(mount.directory);
    }
  }

  async #dead(shown: readonly Shown[], context: CallContext): Promise<readonly Shown[]> {
    const dead: Shown[] = [];
    for (const each of shown) {
      const sight = await see(this.#room, new Host(this.#room, context), each.directory);
      if (sight.kind === 'found' && sight.value.standing.kind === 'dead') {
        dead.push(each);
      }
    }
    return dead;
  }

  async #again({ directory, targets }: KnownMount, context: CallContext): Promise<Outcome<void>> {
    const words = this.#words.get(directory);
    if (words === undefined) {
      return failed(`${directory}: its client ended before anybody had seen how it was mounted`);
    }
    const room = this.#room;
    const outcome = await at(room, directory, context, async (host, place) => {
      const sight = await withoutDead(room, host, place);
      if (sight.kind !== 'found') {
        return sight;
      }
      return sight.value.standing.kind === 'mounted'
        ? done()
        : start(room, host, place, restartWords(room, place, words), (said) => failed(`${place}: ${said.trim()}`));
    });
    return outcome.kind === 'done' ? this.#show(directory, targets, context) : outcome;
  }

  /** Every target, whatever becomes of the others. */
  async #show(directory: string, targets: readonly Shown[], context: CallContext): Promise<Outcome<void>> {
    const outcomes: Outcome<void>[] = [];
    for (const { directory: target, readOnly } of targets) {
      outcomes.push(await publish(this.#room, directory, target, { readOnly }, context));
    }
    const joined = joinOutcomes(outcomes);
    return joined.kind === 'done' ? done() : joined;
  }

  #tell(mount: KnownMount, outcome: Outcome<void>): void {
    this.#say(mount, outcome.kind === 'done' ? { kind: 'repaired' } : { kind: 'not-repaired', reason: outcome.reason });
  }

  #say({ directory, volume, targets, stale }: KnownMount, what: Change): void {
    const before = this.#said.get(directory);
    const text = JSON.stringify(what);
    if (before === text || (what.kind === 'dead' && before !== undefined)) {
      return;
    }
    this.#said.set(directory, text);
    const shown = [...targets, ...stale].map((target) => target.directory);
    const about = { directory, targets: shown, ...(volume === undefined ? {} : { volume }) };
    this.#room.log.warn({ ...about, ...what }, 'a gluster mount on this node changed');
    this.#options.listener({ ...what, ...about });
  }
}

const inWords = (words: ClientWords): string => JSON.stringify([...words]);

import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import type { WatchEvent } from './api.ts';
import { abortedError, hasEnded } from './deadline.ts';
import { errorFromAnswer, KubeError, toKubeError } from './errors.ts';
import { keyOf, type KubeObject, type Resource } from './resource.ts';
import type { IncomingAnswer } from './transport.ts';

/** From the bytes of a watch to its events. */

/** Longer than any object that etcd would take. */
const maxLineBytes = 16 * 1024 * 1024;

/**
 * Whole lines of a byte stream. Cut at the byte, decoded as a whole: a chunk may end inside of a character. Throws
 * KubeError when the stream ends inside of a line, because half an event is none.
 */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      yield Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8');
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    parts.push(rest);
    length += rest.length;
    if (length > maxLineBytes) {
      throw new KubeError(`watch: an event is longer than ${maxLineBytes} bytes`, { kind: 'protocol' });
    }
  }
  if (length > 0) {
    throw new KubeError('watch: the stream ended in the middle of an event', { kind: 'network', reason: 'Truncated' });
  }
}

const envelope = z.object({ type: z.string(), object: z.unknown() });

const position = z.object({ metadata: z.object({ resourceVersion: z.string().min(1) }) });

const identity = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
  }),
});

/** What can be said of an object that does not parse. */
export function describeUnreadable(raw: unknown): { readonly key: string; readonly resourceVersion?: string } {
  const found = identity.safeParse(raw);
  return found.success
    ? { key: keyOf(found.data.metadata), resourceVersion: found.data.metadata.resourceVersion }
    : { key: '' };
}

/**
 * One event of a watch. Throws KubeError for an ERROR event and for what is no event at all; `unreadable` is told why
 * an object does not parse.
 */
export function parseEvent<T extends KubeObject>(
  resource: Resource<T>,
  line: string,
  unreadable: (key: string, problem: unknown) => void,
): WatchEvent<T> {
  const { type, object } = parseEnvelope(line);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      try {
        return { type, object: resource.parse(object) };
      } catch (problem) {
        const { key, resourceVersion } = describeUnreadable(object);
        unreadable(key, problem);
        return { type: 'UNREADABLE', change: type, key, resourceVersion };
      }
    case 'BOOKMARK': {
      const bookmark = position.safeParse(object);
      if (!bookmark.success) {
        throw new KubeError('watch: a bookmark without resourceVersion', { kind: 'protocol' });
      }
      return { type, resourceVersion: bookmark.data.metadata.resourceVersion };
    }
    case 'ERROR':
      throw errorFromAnswer(500, object);
    default:
      throw new KubeError(`watch: unknown event type ${JSON.stringify(type)}`, { kind: 'protocol' });
  }
}

function parseEnvelope(line: string): z.infer<typeof envelope> {
  try {
    return envelope.parse(JSON.parse(line));
  } catch (error) {
    throw new KubeError(`watch: not an event: ${line.slice(0, 100)}`, { kind: 'protocol', cause: error });
  }
}

/**
 * Tells a dead connection from a quiet one: when no byte has come for `silenceMs`, `dead` is called, once. A connection
 * that lost its other end says nothing of itself for up to an hour.
 */
class Watchdog {
  readonly #clock: Clock;
  readonly #end = new AbortController();
  #heardAt: number;

  constructor(clock: Clock, silenceMs: number, dead: (error: KubeError) => void) {
    this.#clock = clock;
    this.#heardAt = clock.monotonic();
    void this.#watch(silenceMs, dead);
  }

  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  stop(): void {
    this.#end.abort();
  }

  /** Sleeps until the silence would be too long, and again if something was heard meanwhile. */
  async #watch(silenceMs: number, dead: (error: KubeError) => void): Promise<void> {
    try {
      for (let left = silenceMs; left > 0; left = this.#heardAt + silenceMs - this.#clock.monotonic()) {
        await this.#clock.sleep(left, this.#end.signal);
      }
    } catch {
      return;
    }
    dead(new KubeError(`watch: not a byte for ${silenceMs} ms`, { kind: 'timeout', reason: 'WatchSilent' }));
  }
}

interface StreamOptions {
  readonly silenceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onContact: (() => void) | undefined;
}

/** The lines of a stream that `open` opens, with a watchdog over it from before the first byte. Throws KubeError. */
export async function* watchLines(
  clock: Clock,
  options: StreamOptions,
  open: (signal: AbortSignal) => Promise<IncomingAnswer>,
): AsyncGenerator<string> {
  const { signal, silenceMs, onContact } = options;
  if (signal?.aborted === true) {
    throw abortedError(signal, true);
  }
  const stream = new AbortController();
  const follow = (): void => stream.abort(signal?.reason);
  signal?.addEventListener('abort', follow, { once: true });
  let silent: KubeError | undefined;
  const watchdog = new Watchdog(clock, silenceMs, (error) => {
    silent = error;
    stream.abort(error);
  });
  const heard = (): void => {
    watchdog.heard();
    onContact?.();
  };
  try {
    const answer = await open(stream.signal);
    heard();
    yield* linesOf(tapped(answer.body, heard));
  } catch (error) {
    if (signal !== undefined && hasEnded(signal)) {
      throw abortedError(signal, false);
    }
    throw silent ?? toKubeError(error);
  } finally {
    watchdog.stop();
    signal?.removeEventListener('abort', follow);
    // Also reached when the reader stops early: the connection goes, and the server learns that nobody listens.
    stream.abort();
  }
}

async function* tapped(chunks: AsyncIterable<Uint8Array>, heard: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    heard();
    yield chunk;
  }
}

import { partial, table } from '../table.ts';
import { apiVersionOf } from '../kinds/kind.ts';
import { fromStorage } from '../verbs/core.ts';
import { watch } from '../verbs/watch.ts';
import type { ServerResponse } from 'node:http';
import type { Clock, Random } from '../../../domain/clock.ts';
import type { Encoder } from '../encode.ts';
import type { Call, Faults } from '../faults/faults.ts';
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiCore } from '../verbs/core.ts';
import type { WatchEvent, WatchOptions } from '../verbs/watch.ts';
import type { AnswerForm } from './negotiate.ts';

/** Milliseconds between bookmarks of a quiet watch. */
const bookmarkInterval = 60_000;
/** A client that lets this many bytes pile up is cut off, as the real server does with slow watchers. */
const backlogLimit = 64 * 1024 * 1024;

/** What answering needs, for watches and for all other calls. */
export type StreamDependencies = {
  readonly core: ApiCore;
  readonly encoder: Encoder;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Faults;
};

/** A watch's own options, and how its events are to look. */
export type StreamOptions = WatchOptions & {
  readonly timeoutSeconds: number | undefined;
  readonly form: AnswerForm;
  readonly includeObject: 'None' | 'Metadata' | 'Object';
};

/** One watch over HTTP: a line of JSON an event, until the client goes, the time is up, or a fault cuts it. */
export class WatchStream {
  readonly #response: ServerResponse;
  readonly #kind: Kind;
  readonly #options: StreamOptions;
  readonly #parts: StreamDependencies;
  readonly #ended = new AbortController();
  #frozen = false;
  #headersSent = false;

  constructor(response: ServerResponse, kind: Kind, options: StreamOptions, parts: StreamDependencies) {
    this.#response = response;
    this.#kind = kind;
    this.#options = options;
    this.#parts = parts;
  }

  /** Throws ApiError, before anything was sent, when the options cannot be. */
  start(call: Call): void {
    const response = this.#response;
    const early: WatchEvent[] = [];
    let open = (event: WatchEvent): void => {
      early.push(event);
    };
    const stop = watch(this.#parts.core, this.#kind, this.#options, (event) => {
      open(event);
    });
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Transfer-Encoding': 'chunked',
      'Cache-Control': 'no-cache, private',
    });
    response.flushHeaders();
    response.write(early.map((event) => this.#line(event)).join(''));
    open = (event) => {
      this.#write(this.#line(event));
    };
    if (stop === undefined) {
      response.end();
      return;
    }
    const closed = this.#parts.faults.watchOpened({
      call,
      drop: () => response.socket?.resetAndDestroy(),
      freeze: () => {
        this.#frozen = true;
      },
    });
    response.on('close', () => {
      stop();
      closed();
      this.#ended.abort();
    });
    void this.#bookmarks();
    void this.#timeout();
  }

  #write(text: string): void {
    if (this.#frozen || this.#response.writableEnded || this.#response.destroyed) {
      return;
    }
    this.#response.write(text);
    if (this.#response.writableLength > backlogLimit) {
      this.#response.destroy();
    }
  }

  async #bookmarks(): Promise<void> {
    const { clock, core, random } = this.#parts;
    while (
      this.#options.allowWatchBookmarks === true &&
      (await this.#sleep(clock, bookmarkInterval * (0.95 + random() * 0.1)))
    ) {
      this.#write(this.#line({ type: 'BOOKMARK', revision: core.store.revision, initialEnd: false }));
    }
  }

  /** Without a wish of the client's, half an hour to an hour: the real default. */
  async #timeout(): Promise<void> {
    const { clock, core, random } = this.#parts;
    const seconds = this.#options.timeoutSeconds ?? 1800 * (1 + random());
    if (!(await this.#sleep(clock, seconds * 1000)) || this.#frozen) {
      return;
    }
    if (this.#options.allowWatchBookmarks === true) {
      this.#write(this.#line({ type: 'BOOKMARK', revision: core.store.revision, initialEnd: false }));
    }
    this.#response.end();
  }

  async #sleep(clock: Clock, milliseconds: number): Promise<boolean> {
    return clock.sleep(milliseconds, this.#ended.signal).then(
      () => true,
      () => false,
    );
  }

  #line(event: WatchEvent): string {
    return `{"type":"${event.type}","object":${this.#object(event)}}\n`;
  }

  #object(event: WatchEvent): string {
    switch (event.type) {
      case 'ERROR':
        return JSON.stringify(event.status);
      case 'BOOKMARK':
        return JSON.stringify(this.#bookmark(event));
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        return this.#form(event);
    }
  }

  #form(event: Extract<WatchEvent, { readonly object: unknown }>): string {
    const kind = this.#kind;
    switch (this.#options.form.as) {
      case 'object':
      case 'discovery':
        return this.#parts.encoder.object(kind, event.object);
      case 'partial':
        return JSON.stringify(partial(event.object));
      case 'table': {
        const { resourceVersion } = event.object.metadata;
        const headers = !this.#headersSent;
        this.#headersSent = true;
        return JSON.stringify(
          table(
            kind,
            [this.#options.includeObject === 'Object' ? fromStorage(kind, event.object) : event.object],
            { resourceVersion },
            {
              version: this.#parts.core.context.version,
              now: this.#parts.core.context.now(),
              includeObject: this.#options.includeObject,
              headers,
            },
          ),
        );
      }
    }
  }

  #bookmark(event: Extract<WatchEvent, { readonly type: 'BOOKMARK' }>): JsonObject {
    const metadata = {
      resourceVersion: String(event.revision),
      creationTimestamp: null,
      ...(event.initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    if (this.#options.form.as !== 'table') {
      return { kind: this.#kind.kind, apiVersion: apiVersionOf(this.#kind), metadata };
    }
    return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: null, rows: [] };
  }
}

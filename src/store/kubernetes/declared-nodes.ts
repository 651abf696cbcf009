import { isDeepStrictEqual } from 'node:util';
import pRetry from 'p-retry';
import type { Declarations, DeclaredNode, Verdict } from '../../engine/ports.ts';
import { recordFinalizer } from './codec.ts';
import type { GuardedRecords } from './guarded-records.ts';
import type { InOrder } from './in-order.ts';
import type { RecordApi, RecordObject } from './record-api.ts';
import { isFields, wishOf, type Fields, type NewWishes } from './wishes.ts';

const kind = 'GlusterNode';
const patience = { retries: Number.POSITIVE_INFINITY, minTimeout: 500, maxTimeout: 30_000, randomize: true };

interface Parts {
  readonly api: RecordApi;
  readonly records: GuardedRecords;
  readonly order: InOrder;
  readonly wishes: NewWishes;
  readonly now: () => number;
}

/**
 * GlusterNodes as people apply and delete them. The watch only says that something may be new: what it is is then read in
 * the node's turn, after all writes of this store about it, so that an old event never passes for a new wish.
 */
export class DeclaredNodes implements Declarations {
  readonly #parts: Parts;
  #stop: (() => Promise<void>) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  nodes(): readonly DeclaredNode[] {
    return this.#parts.records.all(kind).map((object) => ({
      id: object.metadata.name,
      body: wishOf(object),
      leaving: object.metadata.deletionTimestamp !== undefined,
    }));
  }

  follow(changed: (id: string) => void): () => Promise<void> {
    const ended = new AbortController();
    const stop = this.#parts.api.watchNodes((seen) => {
      const { name, resourceVersion } = seen.metadata;
      if (this.#parts.records.known(kind, name)?.metadata.resourceVersion !== resourceVersion) {
        this.#untilRead(name, changed, ended.signal);
      }
    });
    this.#stop = async () => {
      ended.abort(new Error('stopped'));
      await stop();
    };
    return this.#stop;
  }

  async stop(): Promise<void> {
    await this.#stop?.();
    this.#stop = undefined;
  }

  async report(id: string, { accepted, amiss, reason, message }: Verdict): Promise<void> {
    const { records, order, now } = this.#parts;
    await order.run(`${kind}/${id}`, async () => {
      const held = records.known(kind, id);
      if (held === undefined) {
        return;
      }
      const { finalizers, deletionTimestamp } = held.metadata;
      if (accepted && deletionTimestamp === undefined && !finalizers.includes(recordFinalizer)) {
        await records.write(kind, id, { finalizers: [...finalizers, recordFinalizer] });
      }
      const verdict = { type: 'Ready', status: accepted && amiss !== true ? 'True' : 'False', reason, message };
      const status = withCondition(held.status, verdict, new Date(now()).toISOString());
      if (status !== undefined) {
        await records.write(kind, id, { status }, {}, 'status');
      }
    });
  }

  /** No wish is lost because the API was out of reach for a moment. Rejects only when stopped. */
  #untilRead(name: string, changed: (id: string) => void, signal: AbortSignal): void {
    const read = pRetry(() => this.#read(name, changed), { ...patience, signal });
    read.catch(() => undefined);
  }

  async #read(name: string, changed: (id: string) => void): Promise<void> {
    const { api, records, order, wishes } = this.#parts;
    const isNew = await order.run(`${kind}/${name}`, async () => {
      const before = records.known(kind, name);
      const found = await api.get(kind, name);
      if (found?.metadata.resourceVersion === before?.metadata.resourceVersion) {
        return false;
      }
      records.know(kind, name, found);
      if (isDeepStrictEqual(wishIn(before), wishIn(found))) {
        return false;
      }
      wishes.hear(name);
      return true;
    });
    if (isNew) {
      changed(name);
    }
  }
}

/** What its author says about a node, the wish that it goes included. */
function wishIn(object: RecordObject | undefined): unknown {
  return object === undefined ? undefined : { spec: object.spec, leaving: object.metadata.deletionTimestamp };
}

/** The status with the condition in it; `undefined` when it says so already. */
function withCondition(status: unknown, verdict: Fields, now: string): Fields | undefined {
  const before = isFields(status) ? status : {};
  const conditions = Array.isArray(before['conditions']) ? before['conditions'].filter(isFields) : [];
  const old = conditions.find(({ type }) => type === verdict['type']);
  const since = old !== undefined && old['status'] === verdict['status'] ? old['lastTransitionTime'] : now;
  const next = { ...verdict, lastTransitionTime: since ?? now };
  return isDeepStrictEqual(old, next)
    ? undefined
    : { ...before, conditions: [...conditions.filter(({ type }) => type !== verdict['type']), next] };
}

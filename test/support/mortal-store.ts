import { StoreError, type DocumentKind, type StateStore, type StoredDocument } from '../../src/engine/ports.ts';

/** What becomes of a write. `reject-*`: it is refused, having happened or not. `die-*`, `dead`: as in fake-storage/calls.ts. */
export type StoreVerdict = 'normal' | 'reject-before' | 'reject-after' | 'die-before' | 'die-after' | 'dead';

const never = (): Promise<never> => new Promise(() => undefined);

/** A store whose writes meet the fate that `judge` says. */
export class MortalStore implements StateStore {
  readonly #inner: StateStore;
  readonly #judge: (write: string) => StoreVerdict;

  constructor(inner: StateStore, judge: (write: string) => StoreVerdict) {
    this.#inner = inner;
    this.#judge = judge;
  }

  open(): Promise<readonly StoredDocument[]> {
    return this.#inner.open();
  }

  put(document: StoredDocument): Promise<void> {
    // As a real store: what is written is what the document says now.
    const copy = structuredClone(document);
    return this.#meet(`put ${document.kind} ${document.id}`, () => this.#inner.put(copy));
  }

  remove(kind: DocumentKind, id: string): Promise<void> {
    return this.#meet(`remove ${kind} ${id}`, () => this.#inner.remove(kind, id));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #meet(write: string, effect: () => Promise<void>): Promise<void> {
    const verdict = this.#judge(write);
    if (verdict === 'dead' || verdict === 'die-before') {
      return never();
    }
    await Promise.resolve();
    if (verdict !== 'reject-before') {
      await effect();
    }
    if (verdict === 'die-after') {
      return never();
    }
    if (verdict !== 'normal') {
      throw new StoreError(`injected: ${write}`, { retryable: true });
    }
  }
}

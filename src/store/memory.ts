import { StoreError, type DocumentKind, type StateStore, type StoredDocument } from '../engine/ports.ts';
import { parseBody, writeBody } from './body.ts';

/**
 * What outlives a MemoryStore: the documents as text, and who holds them. Give the same disk to a second store to see
 * what a restart would see.
 */
export class MemoryDisk {
  readonly documents = new Map<string, { readonly kind: DocumentKind; readonly id: string; readonly text: string }>();
  holder: MemoryStore | undefined;

  /** Ends whoever holds the disk, as SIGKILL does: it stays, and its holder's writes come to nothing from now on. */
  kill(): void {
    this.holder = undefined;
  }
}

/** Keeps documents in this process. For tests and trials: nothing survives the process. */
export class MemoryStore implements StateStore {
  readonly #disk: MemoryDisk;

  constructor(disk = new MemoryDisk()) {
    this.#disk = disk;
  }

  async open(): Promise<readonly StoredDocument[]> {
    if (this.#disk.holder !== undefined) {
      throw new StoreError('the memory store is open already', { retryable: true });
    }
    this.#disk.holder = this;
    return [...this.#disk.documents.values()].map(({ kind, id, text }) => ({ kind, id, body: parseBody(text) }));
  }

  async put(document: StoredDocument): Promise<void> {
    this.#mustHold();
    const { kind, id } = document;
    this.#disk.documents.set(JSON.stringify([kind, id]), { kind, id, text: writeBody(document) });
  }

  async remove(kind: DocumentKind, id: string): Promise<void> {
    this.#mustHold();
    this.#disk.documents.delete(JSON.stringify([kind, id]));
  }

  async close(): Promise<void> {
    if (this.#disk.holder === this) {
      this.#disk.holder = undefined;
    }
  }

  #mustHold(): void {
    if (this.#disk.holder !== this) {
      throw new StoreError('the memory store is not open', { retryable: false });
    }
  }
}

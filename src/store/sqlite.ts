import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreError, type DocumentKind, type StateStore, type StoredDocument } from '../engine/ports.ts';
import { parseBody, writeBody } from './body.ts';
import { openStateFile, storeError } from './sqlite-file.ts';
import { WriteGroup } from './write-group.ts';

export interface SqliteStoreOptions {
  /** Path of the state file. Its folder is made if need be. On a local disk: SQLite and NFS do not go together. */
  readonly path: string;
  /** Milliseconds to wait for another process that is just closing the file. Blocks. @default 1000 */
  readonly busyTimeout?: number;
}

interface Write {
  readonly kind: DocumentKind;
  readonly id: string;
  /** Absent: remove. */
  readonly body?: string;
}

interface Connection {
  readonly database: DatabaseSync;
  readonly put: StatementSync;
  readonly remove: StatementSync;
}

/** Keeps documents in one SQLite file, for one process at a time. One row a document. */
export class SqliteStore implements StateStore {
  readonly #path: string;
  readonly #busyTimeout: number;
  readonly #group = new WriteGroup<Write>((writes) => {
    this.#commit(writes);
  });
  #connection: Connection | undefined;

  constructor(options: SqliteStoreOptions) {
    this.#path = options.path;
    this.#busyTimeout = options.busyTimeout ?? 1000;
  }

  async open(): Promise<readonly StoredDocument[]> {
    if (this.#connection !== undefined) {
      throw new StoreError(`${this.#path}: open already`, { retryable: false });
    }
    const database = openStateFile(this.#path, this.#busyTimeout);
    try {
      this.#connection = {
        database,
        put: database.prepare('INSERT OR REPLACE INTO document (kind, id, body) VALUES (?, ?, ?)'),
        remove: database.prepare('DELETE FROM document WHERE kind = ? AND id = ?'),
      };
      return database
        .prepare('SELECT kind, id, body FROM document ORDER BY kind, id')
        .all()
        .map((row) => ({
          // Only put() writes here; a kind that it never wrote is the engine's to quarantine.
          kind: String(row['kind']) as DocumentKind,
          id: String(row['id']),
          body: parseBody(String(row['body'])),
        }));
    } catch (error) {
      this.#connection = undefined;
      database.close();
      throw storeError(this.#path, 'read', error);
    }
  }

  async put(document: StoredDocument): Promise<void> {
    this.#open();
    await this.#group.add({ kind: document.kind, id: document.id, body: writeBody(document) });
  }

  async remove(kind: DocumentKind, id: string): Promise<void> {
    this.#open();
    await this.#group.add({ kind, id });
  }

  async close(): Promise<void> {
    this.#group.flush();
    this.#connection?.database.close();
    this.#connection = undefined;
  }

  #open(): Connection {
    if (this.#connection === undefined) {
      throw new StoreError(`${this.#path}: not open`, { retryable: false });
    }
    return this.#connection;
  }

  #commit(writes: readonly Write[]): void {
    const { database, put, remove } = this.#open();
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const { kind, id, body } of writes) {
        if (body === undefined) {
          remove.run(kind, id);
        } else {
          put.run(kind, id, body);
        }
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) {
        database.exec('ROLLBACK');
      }
      throw storeError(this.#path, 'write', error);
    }
  }
}

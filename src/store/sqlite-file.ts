/** Opening the state file: possession, durability, health and format, before a single document is read. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../engine/ports.ts';

/** The format that this version writes. A file of a higher one is refused: older code would lose what it cannot see. */
const formatVersion = 1;

/** SQLite result codes (https://www.sqlite.org/rescode.html) after which the same call may succeed later. */
const retryableCodes: ReadonlySet<number> = new Set([
  5, // SQLITE_BUSY
  6, // SQLITE_LOCKED
  7, // SQLITE_NOMEM
  10, // SQLITE_IOERR
  13, // SQLITE_FULL
  14, // SQLITE_CANTOPEN
]);
const busyCode = 5;

/** The primary result code: extended ones carry it in the low byte. */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}

/** Any error of SQLite's as a StoreError that names the file. */
export function storeError(path: string, action: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) {
    return cause;
  }
  const code = resultCode(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  const message =
    code === busyCode ? `${path}: another process has the state file open` : `${path}: cannot ${action}: ${text}`;
  return new StoreError(message, { retryable: code !== undefined && retryableCodes.has(code), cause });
}

/** One column of the only row that a statement gives, as text. */
function single(database: DatabaseSync, sql: string): string | undefined {
  const row = database.prepare(sql).get();
  return row === undefined ? undefined : String(Object.values(row)[0]);
}

function takePossession(database: DatabaseSync): void {
  // The lock is a lock on the file, held until the connection closes: it dies with the process, so that neither a crash
  // nor SIGKILL leaves anything to clean up. Set before WAL is first used, it also spares the shared-memory file.
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  const mode = single(database, 'PRAGMA journal_mode = WAL');
  if (mode !== 'wal') {
    throw new StoreError(`the file system does not support write-ahead logging (journal mode is ${mode})`, {
      retryable: false,
    });
  }
  // FULL: a commit is on the disk when it returns. NORMAL may lose the last commits in a power cut.
  database.exec('PRAGMA synchronous = FULL');
  database.exec('BEGIN EXCLUSIVE; COMMIT');
}

function checkHealth(database: DatabaseSync): void {
  const verdict = single(database, 'PRAGMA integrity_check(1)');
  if (verdict !== 'ok') {
    throw new StoreError(`the state file is damaged: ${verdict}`, { retryable: false });
  }
}

function checkFormat(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS format (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO format (id, version) VALUES (1, ${formatVersion});
    COMMIT;
  `);
  const version = Number(single(database, 'SELECT version FROM format WHERE id = 1'));
  if (!(version <= formatVersion)) {
    throw new StoreError(
      `a newer version of Brickyard wrote the state file (format ${version}, this one reads up to ${formatVersion})`,
      { retryable: false },
    );
  }
  database.exec(`
    CREATE TABLE IF NOT EXISTS document (
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
  `);
}

/**
 * Opens the file, or makes it, and takes possession of it. Throws StoreError when another process has it, when it is
 * damaged, or when a newer version wrote it. `busyTimeout`: milliseconds to wait for a process that is just ending.
 */
export function openStateFile(path: string, busyTimeout: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path, { timeout: busyTimeout });
    takePossession(database);
    checkHealth(database);
    checkFormat(database);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof StoreError
      ? new StoreError(`${path}: ${error.message}`, { retryable: error.retryable, cause: error })
      : storeError(path, 'open', error);
  }
}

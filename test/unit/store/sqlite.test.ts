import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../../src/store/sqlite.ts';
import { storeContract, type Medium } from './contract.ts';

async function temporaryFile(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'brickyard-store-')), 'state.db');
}

function mediumOf(path: string): Medium {
  return {
    store: () => new SqliteStore({ path, busyTimeout: 1 }),
    afterPowerCut: async () => {
      const image = await temporaryFile();
      for (const name of await readdir(dirname(path))) {
        await copyFile(join(dirname(path), name), join(dirname(image), name));
      }
      return mediumOf(image);
    },
    damage: async ({ kind, id }) => {
      const text = '{"size": 1';
      const database = new DatabaseSync(path);
      const { changes } = database
        .prepare('UPDATE document SET body = ? WHERE kind = ? AND id = ?')
        .run(text, kind, id);
      database.close();
      expect(changes).toBe(1);
      return text;
    },
    dispose: () => rm(dirname(path), { recursive: true, force: true }),
  };
}

storeContract('the sqlite store', async () => mediumOf(await temporaryFile()));

describe('a state file', () => {
  let path: string;

  beforeEach(async () => {
    path = await temporaryFile();
  });
  afterEach(() => rm(dirname(path), { recursive: true, force: true }));

  const open = (file = path): Promise<unknown> => new SqliteStore({ path: file, busyTimeout: 1 }).open();

  const refuses = async (message: RegExp): Promise<void> => {
    const error = await open().catch((error: unknown) => error);
    expect(error).toMatchObject({ name: 'StoreError', retryable: false });
    expect(String(error)).toMatch(message);
  };

  it('of a newer format is refused and left as it is', async () => {
    const store = new SqliteStore({ path });
    await store.open();
    await store.put({ kind: 'meta', id: 'a', body: 1 });
    await store.close();
    const database = new DatabaseSync(path);
    database.exec('UPDATE format SET version = 2');
    database.close();
    const before = await readFile(path);
    await refuses(/state\.db: a newer version of Brickyard .*format 2, this one reads up to 1/);
    await expect(readFile(path)).resolves.toEqual(before);
  });

  it('that is something else is refused and left as it is', async () => {
    await writeFile(path, 'a letter to the administrator, which is not a database\n'.repeat(100));
    await refuses(/state\.db: cannot open: file is not a database/);
    await expect(readFile(path, 'utf8')).resolves.toMatch(/^a letter/);
  });

  it('with a damaged page is refused, saying so', async () => {
    const store = new SqliteStore({ path });
    await store.open();
    await Promise.all(
      Array.from({ length: 500 }, (_, index) => store.put({ kind: 'volume', id: `volume-${index}`, body: { index } })),
    );
    await store.close();
    const image = await readFile(path);
    const pageSize = image.readUInt16BE(16);
    expect(image.length).toBeGreaterThan(3 * pageSize);
    image.fill(0xa5, image.length - pageSize + 8);
    await writeFile(path, image);
    await refuses(/state\.db: .*(damaged|malformed)/);
  });

  it('is made together with its folder', async () => {
    const nested = join(dirname(path), 'a', 'b', 'state.db');
    await expect(open(nested)).resolves.toEqual([]);
  });

  it('in an impossible place is refused, naming the path', async () => {
    await writeFile(path, '');
    await expect(open(join(path, 'state.db'))).rejects.toThrow(`${basename(path)}/state.db`);
  });

  it('takes all writes of one moment or none, and the next ones after a failure', async () => {
    const store = new SqliteStore({ path });
    await store.open();
    // No document has a null id: the second write breaks the table's rules, as a full disk would break them all.
    const outcomes = await Promise.allSettled([
      store.put({ kind: 'volume', id: 'a', body: 1 }),
      store.put({ kind: 'volume', id: null as never, body: 1 }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await store.put({ kind: 'volume', id: 'b', body: 1 });
    await store.close();
    expect(await open()).toMatchObject([{ id: 'b' }]);
  });

  it('takes writes of one moment in one commit, and later ones in another', async () => {
    const medium = mediumOf(path);
    const store = medium.store();
    await store.open();
    const many = Array.from({ length: 1000 }, (_, index) =>
      store.put({ kind: 'volume', id: String(index), body: index }),
    );
    await many[0];
    // As soon as the first is durable all of them are: they shared the commit.
    const after = await medium.afterPowerCut();
    const reader = after.store();
    await expect(reader.open()).resolves.toHaveLength(1000);
    await reader.close();
    await after.dispose();
    await Promise.all(many);
    await store.close();
  });
});

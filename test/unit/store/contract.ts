/** What every StateStore owes to the engine. Run by each store's test file on its own kind of medium. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { StoreError, type StateStore, type StoredDocument } from '../../../src/engine/ports.ts';
import { anyJson, type Documents } from './documents.ts';

/** What a store writes on, and what a test can do to it from outside. */
export interface Medium {
  /** A new store on this medium, not yet open. */
  store(): StateStore;
  /** The medium as a power cut would leave it at this moment, for another store. Whoever has it open knows nothing. */
  afterPowerCut(): Promise<Medium>;
  /** Breaks a document as somebody would by hand. Gives the body that it then has. No store may be open. */
  damage(document: StoredDocument): Promise<unknown>;
  dispose(): Promise<void>;
}

const byKey = (documents: readonly StoredDocument[]): StoredDocument[] =>
  [...documents].sort((a, b) => (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1));

async function contents(medium: Medium): Promise<StoredDocument[]> {
  const store = medium.store();
  try {
    return byKey(await store.open());
  } finally {
    await store.close();
  }
}

/** `documents`: what may be put into it. Anything, unless the medium itself checks what it is given. */
export function storeContract(name: string, createMedium: () => Promise<Medium>, documents: Documents = anyJson): void {
  const { document } = documents;

  describe(`${name} as a StateStore`, () => {
    let medium: Medium;
    let store: StateStore;

    beforeEach(async () => {
      medium = await createMedium();
      store = medium.store();
    });
    afterEach(async () => {
      await store.close();
      await medium.dispose();
    });

    it('is empty at first', async () => {
      await expect(store.open()).resolves.toEqual([]);
    });

    it('gives back after a restart what was put', async () => {
      await store.open();
      await store.put(document('volume', 'a', 1));
      await store.close();
      await expect(contents(medium)).resolves.toEqual([document('volume', 'a', 1)]);
    });

    it('keeps whatever may be put, apart by kind and id', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(documents.arbitrary, { selector: ({ kind, id }) => `${kind} ${id}`, maxLength: 10 }),
          async (given) => {
            const fresh = await createMedium();
            try {
              const first = fresh.store();
              await first.open();
              await Promise.all(given.map((each) => first.put(each)));
              await first.close();
              await expect(contents(fresh)).resolves.toEqual(byKey(given));
            } finally {
              await fresh.dispose();
            }
          },
        ),
        { numRuns: 25 },
      );
    });

    it('replaces a document as a whole', async () => {
      await store.open();
      await store.put(document('node', 'a', 1));
      await store.put(document('node', 'a', 2));
      await store.close();
      await expect(contents(medium)).resolves.toEqual([document('node', 'a', 2)]);
    });

    it('removes a document, and does not mind when it is gone already', async () => {
      await store.open();
      const volume = document('volume', 'a', 1);
      await store.put(volume);
      await store.put(document('node', 'a', 2));
      await store.remove('volume', volume.id);
      await store.remove('volume', volume.id);
      await store.remove('meta', 'never-there');
      await store.close();
      await expect(contents(medium)).resolves.toEqual([document('node', 'a', 2)]);
    });

    it('applies writes to one document in the order in which they were asked for', async () => {
      await store.open();
      await Promise.all([
        store.put(document('volume', 'a', 1)),
        store.remove('volume', document('volume', 'a', 1).id),
        store.put(document('volume', 'a', 2)),
        store.put(document('volume', 'b', 1)),
        store.remove('volume', document('volume', 'b', 1).id),
      ]);
      await store.close();
      await expect(contents(medium)).resolves.toEqual([document('volume', 'a', 2)]);
    });

    it('has every write that resolved on the medium when the power fails', async () => {
      await store.open();
      const written: string[] = [];
      const writes = Array.from({ length: 50 }, async (_, index) => {
        const volume = document('volume', String(index), index);
        await store.put(volume);
        written.push(volume.id);
      });
      await Promise.race(writes);
      const seen = written.slice();
      const after = await medium.afterPowerCut();
      const ids = (await contents(after)).map(({ id }) => id);
      expect(seen.length).toBeGreaterThan(0);
      expect(ids).toEqual(expect.arrayContaining(seen));
      await Promise.all(writes);
      await after.dispose();
    });

    it('does not see what happens to a body after it was given', async () => {
      await store.open();
      const given = document('volume', 'a', 1);
      const put = store.put(given);
      Object.assign(given.body as object, { size: 2 });
      await put;
      await store.close();
      await expect(contents(medium)).resolves.toEqual([document('volume', 'a', 1)]);
    });

    it('has one holder at a time', async () => {
      await store.open();
      const second = medium.store();
      await expect(second.open()).rejects.toMatchObject({ name: 'StoreError', retryable: true });
      await expect(store.put({ kind: 'meta', id: 'still', body: 'mine' })).resolves.toBeUndefined();
      await store.close();
      await expect(second.open()).resolves.toHaveLength(1);
      await second.close();
    });

    it('refuses to be opened twice', async () => {
      await store.open();
      await expect(store.open()).rejects.toThrow(StoreError);
    });

    it('refuses work when it is not open', async () => {
      await expect(store.put({ kind: 'meta', id: 'a', body: 1 })).rejects.toThrow(StoreError);
      await store.open();
      await store.close();
      await expect(store.put({ kind: 'meta', id: 'a', body: 1 })).rejects.toThrow(StoreError);
      await expect(store.remove('meta', 'a')).rejects.toThrow(StoreError);
    });

    it('finishes the writes that were asked for before it is closed', async () => {
      await store.open();
      const put = store.put(document('volume', 'a', 1));
      await store.close();
      await expect(put).resolves.toBeUndefined();
      await expect(contents(medium)).resolves.toHaveLength(1);
    });

    it('refuses a body that has no JSON form, and nothing else of the same moment', async () => {
      await store.open();
      const circular: { self?: unknown } = {};
      circular.self = circular;
      const outcomes = await Promise.allSettled([
        store.put(document('volume', 'a', 1)),
        store.put({ ...document('volume', 'circle', 1), body: circular }),
        store.put({ ...document('volume', 'nothing', 1), body: undefined }),
        store.put(document('volume', 'b', 2)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      await store.close();
      await expect(contents(medium)).resolves.toEqual(byKey([document('volume', 'a', 1), document('volume', 'b', 2)]));
    });

    it('gives a document that is broken as it stands', async () => {
      await store.open();
      const bad = document('volume', 'bad', 1);
      const good = document('volume', 'good', 1);
      await store.put(bad);
      await store.put(good);
      await store.close();
      const body = await medium.damage(bad);
      expect(body).not.toEqual(bad.body);
      await expect(contents(medium)).resolves.toEqual(byKey([{ ...bad, body }, good]));
    });

    it('can be closed twice', async () => {
      await store.open();
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}

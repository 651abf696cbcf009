/** What every StateStore owes to the engine. Run by each store's test file on its own kind of medium. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { StoreError, type DocumentKind, type StateStore, type StoredDocument } from '../../../src/engine/ports.ts';

/** What a store writes on, and what a test can do to it from outside. */
export interface Medium {
  /** A new store on this medium, not yet open. */
  store(): StateStore;
  /** The medium as a power cut would leave it at this moment, for another store. Whoever has it open knows nothing. */
  afterPowerCut(): Promise<Medium>;
  /** Puts text in place of a document's JSON. No store may be open. */
  damage(kind: DocumentKind, id: string, text: string): Promise<void>;
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

const documentKind = fc.constantFrom<DocumentKind>('meta', 'cluster', 'node', 'volume');
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);

export function storeContract(name: string, createMedium: () => Promise<Medium>): void {
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
      await store.put({ kind: 'volume', id: 'a', body: { size: 2 ** 53 - 1, sets: [[{ deep: null }]] } });
      await store.close();
      await expect(contents(medium)).resolves.toEqual([
        { kind: 'volume', id: 'a', body: { size: 2 ** 53 - 1, sets: [[{ deep: null }]] } },
      ]);
    });

    it('keeps any JSON under any id, apart by kind and id', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.record({ kind: documentKind, id: fc.string({ minLength: 1 }), body: json }), {
            selector: ({ kind, id }) => `${kind} ${id}`,
            maxLength: 10,
          }),
          async (documents) => {
            const fresh = await createMedium();
            try {
              // Lone surrogates are no text: they cannot come out of JSON that was read as UTF-8.
              fc.pre(documents.every(({ id, body }) => (id + JSON.stringify(body)).isWellFormed()));
              const first = fresh.store();
              await first.open();
              await Promise.all(documents.map((document) => first.put(document)));
              await first.close();
              await expect(contents(fresh)).resolves.toEqual(byKey(documents));
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
      await store.put({ kind: 'node', id: 'a', body: { one: 1, two: 2 } });
      await store.put({ kind: 'node', id: 'a', body: { two: 3 } });
      await store.close();
      await expect(contents(medium)).resolves.toEqual([{ kind: 'node', id: 'a', body: { two: 3 } }]);
    });

    it('removes a document, and does not mind when it is gone already', async () => {
      await store.open();
      await store.put({ kind: 'volume', id: 'a', body: 1 });
      await store.put({ kind: 'node', id: 'a', body: 2 });
      await store.remove('volume', 'a');
      await store.remove('volume', 'a');
      await store.remove('meta', 'never there');
      await store.close();
      await expect(contents(medium)).resolves.toEqual([{ kind: 'node', id: 'a', body: 2 }]);
    });

    it('applies writes to one document in the order in which they were asked for', async () => {
      await store.open();
      await Promise.all([
        store.put({ kind: 'volume', id: 'a', body: 1 }),
        store.remove('volume', 'a'),
        store.put({ kind: 'volume', id: 'a', body: 2 }),
        store.put({ kind: 'volume', id: 'b', body: 1 }),
        store.remove('volume', 'b'),
      ]);
      await store.close();
      await expect(contents(medium)).resolves.toEqual([{ kind: 'volume', id: 'a', body: 2 }]);
    });

    it('has every write that resolved on the medium when the power fails', async () => {
      await store.open();
      const written: string[] = [];
      const writes = Array.from({ length: 50 }, async (_, index) => {
        const id = String(index);
        await store.put({ kind: 'volume', id, body: index });
        written.push(id);
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
      const body = { size: 1 };
      const put = store.put({ kind: 'volume', id: 'a', body });
      body.size = 2;
      await put;
      await store.close();
      await expect(contents(medium)).resolves.toEqual([{ kind: 'volume', id: 'a', body: { size: 1 } }]);
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
      const put = store.put({ kind: 'volume', id: 'a', body: 1 });
      await store.close();
      await expect(put).resolves.toBeUndefined();
      await expect(contents(medium)).resolves.toHaveLength(1);
    });

    it('refuses a body that has no JSON form, and nothing else of the same moment', async () => {
      await store.open();
      const circular: { self?: unknown } = {};
      circular.self = circular;
      const outcomes = await Promise.allSettled([
        store.put({ kind: 'volume', id: 'a', body: 1 }),
        store.put({ kind: 'volume', id: 'circle', body: circular }),
        store.put({ kind: 'volume', id: 'nothing', body: undefined }),
        store.put({ kind: 'volume', id: 'b', body: 2 }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      await store.close();
      expect((await contents(medium)).map(({ id }) => id)).toEqual(['a', 'b']);
    });

    it('gives a document whose JSON is broken as its raw text', async () => {
      await store.open();
      await store.put({ kind: 'volume', id: 'bad', body: { size: 1 } });
      await store.put({ kind: 'volume', id: 'good', body: { size: 1 } });
      await store.close();
      await medium.damage('volume', 'bad', '{"size": 1');
      await expect(contents(medium)).resolves.toEqual([
        { kind: 'volume', id: 'bad', body: '{"size": 1' },
        { kind: 'volume', id: 'good', body: { size: 1 } },
      ]);
    });

    it('can be closed twice', async () => {
      await store.open();
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}

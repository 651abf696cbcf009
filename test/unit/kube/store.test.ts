import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyOf } from '../../../src/kube/resource.ts';
import type { PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { ObjectStore, type Change } from '../../../src/kube/store.ts';
import { claim } from './objects.ts';

const byVolume = { volume: (object: PersistentVolumeClaim) => [object.spec.volumeName].filter((name) => name !== '') };

function newStore(): ObjectStore<PersistentVolumeClaim, 'volume'> {
  return new ObjectStore(byVolume);
}

const told = (changes: readonly Change<PersistentVolumeClaim>[]): string[] =>
  changes.map(({ kind, object }) => `${kind} ${object.metadata.uid}@${object.metadata.resourceVersion}`);

describe('changes', () => {
  test('new, changed and gone are told as add, update and delete', () => {
    const store = newStore();

    expect(told(store.put(claim('a', '1')))).toEqual(['add uid-a@1']);
    expect(store.put(claim('a', '2'))).toMatchObject([{ kind: 'update', old: { metadata: { resourceVersion: '1' } } }]);
    expect(told(store.remove('default/a', claim('a', '3')))).toEqual(['delete uid-a@3']);
    expect(store.size).toBe(0);
  });

  test('the same version again is no change', () => {
    const store = newStore();
    store.put(claim('a', '1'));

    expect(store.put(claim('a', '1'))).toEqual([]);
  });

  test('another object of the same name is the end of one and the beginning of the other', () => {
    const store = newStore();
    store.put(claim('a', '1', { uid: 'first' }));

    expect(told(store.put(claim('a', '9', { uid: 'second' })))).toEqual(['delete first@1', 'add second@9']);
  });

  test('news that another object of the same name is gone changes nothing', () => {
    const store = newStore();
    store.put(claim('a', '9', { uid: 'second' }));

    expect(store.remove('default/a', claim('a', '2', { uid: 'first' }))).toEqual([]);
    expect(store.byKey('default/a')?.metadata.uid).toBe('second');
  });

  test('a whole list deletes what is not in it, except what could not be read', () => {
    const store = newStore();
    for (const name of ['stays', 'changes', 'goes', 'unreadable']) {
      store.put(claim(name, '1'));
    }

    const changes = store.replace(
      [claim('stays', '1'), claim('changes', '2'), claim('new', '3')],
      new Set(['default/unreadable']),
    );

    expect(told(changes)).toEqual(['delete uid-goes@1', 'update uid-changes@2', 'add uid-new@3']);
    expect(store.byKey('default/unreadable')).toBeDefined();
  });
});

/** Keeps `heard`, uids by key, up to date. Throws when the change cannot follow on what was heard before. */
function hear(heard: Map<string, string>, { kind, object }: Change<PersistentVolumeClaim>): void {
  const key = keyOf(object.metadata);
  const expected = kind === 'add' ? undefined : object.metadata.uid;
  if (heard.get(key) !== expected) {
    throw new Error(`${kind} of ${object.metadata.uid} after ${heard.get(key) ?? 'nothing'}`);
  }
  if (kind === 'delete') {
    heard.delete(key);
  } else {
    heard.set(key, object.metadata.uid);
  }
}

describe('indexes', () => {
  test('an object is found under its value, and under the new one once it has changed', () => {
    const store = newStore();
    store.put(claim('a', '1', { volumeName: 'pv-1' }));
    store.put(claim('b', '2', { volumeName: 'pv-1' }));
    store.put(claim('c', '3'));

    expect(store.byIndex('volume', 'pv-1').map((object) => object.metadata.name)).toEqual(['a', 'b']);

    store.put(claim('a', '4', { volumeName: 'pv-2' }));
    store.remove('default/b');

    expect(store.byIndex('volume', 'pv-1')).toEqual([]);
    expect(store.byIndex('volume', 'pv-2').map((object) => object.metadata.name)).toEqual(['a']);
    expect(store.byIndex('volume', '')).toEqual([]);
  });

  test('whatever happens, they say the same as a search through all objects', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const volumeName = fc.constantFrom('', 'pv-1', 'pv-2');
    const uid = fc.constantFrom('u1', 'u2');
    const resourceVersion = fc.integer({ min: 1, max: 5 }).map(String);
    const object = fc.record({ name, volumeName, uid, resourceVersion });
    const step = fc.oneof(
      object.map((put) => ({ kind: 'put' as const, put })),
      name.map((remove) => ({ kind: 'remove' as const, remove })),
      fc.uniqueArray(object, { selector: (one) => one.name }).map((replace) => ({ kind: 'replace' as const, replace })),
    );
    const make = (from: { name: string; resourceVersion: string; uid: string; volumeName: string }) =>
      claim(from.name, from.resourceVersion, from);

    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const store = newStore();
        // What somebody knows who only listens to changes.
        const heard = new Map<string, string>();
        for (const one of steps) {
          const changes =
            one.kind === 'put'
              ? store.put(make(one.put))
              : one.kind === 'remove'
                ? store.remove(`default/${one.remove}`)
                : store.replace(one.replace.map(make), new Set());
          for (const change of changes) {
            hear(heard, change);
          }
        }
        expect([...heard.keys()].sort()).toEqual(
          store
            .all()
            .map((one) => keyOf(one.metadata))
            .sort(),
        );
        for (const value of ['pv-1', 'pv-2']) {
          const searched = store.all().filter((one) => one.spec.volumeName === value);
          expect(new Set(store.byIndex('volume', value))).toEqual(new Set(searched));
        }
      }),
    );
  });
});

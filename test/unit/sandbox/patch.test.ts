import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sameJson } from '../../../src/sandbox/api/json.ts';
import { services } from '../../../src/sandbox/api/kinds/services.ts';
import { persistentVolumeClaims } from '../../../src/sandbox/api/kinds/claims.ts';
import { applyJsonPatch, readJsonPatch } from '../../../src/sandbox/api/patch/json-patch.ts';
import { mergePatch } from '../../../src/sandbox/api/patch/merge-patch.ts';
import { strategicMerge } from '../../../src/sandbox/api/patch/strategic.ts';
import type { Json, JsonObject } from '../../../src/sandbox/api/json.ts';

describe('a JSON patch (cases of RFC 6902, appendix A)', () => {
  it.each<[string, Json, unknown, Json]>([
    ['adds a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
    [
      'adds an item',
      { foo: ['bar', 'baz'] },
      [{ op: 'add', path: '/foo/1', value: 'qux' }],
      { foo: ['bar', 'qux', 'baz'] },
    ],
    ['removes a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    ['removes an item', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    [
      'replaces a value',
      { baz: 'qux', foo: 'bar' },
      [{ op: 'replace', path: '/baz', value: 'boo' }],
      { baz: 'boo', foo: 'bar' },
    ],
    [
      'moves a value',
      { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
      [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
      { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
    ],
    [
      'moves an item',
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    ['tests a value', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'qux' }], { baz: 'qux' }],
    [
      'adds a nested object',
      { foo: 'bar' },
      [{ op: 'add', path: '/child', value: { grandchild: {} } }],
      { foo: 'bar', child: { grandchild: {} } },
    ],
    [
      'ignores members that it does not know',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
      { foo: 'bar', baz: 'qux' },
    ],
    ['reads ~1 and ~0', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    [
      'appends with -',
      { foo: ['bar'] },
      [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
      { foo: ['bar', ['abc', 'def']] },
    ],
    ['replaces the whole document', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['copies a value', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    ['sets null', { a: 1 }, [{ op: 'replace', path: '/a', value: null }], { a: null }],
  ])('%s', (_what, document, patch, expected) => {
    expect(applyJsonPatch(document, readJsonPatch(patch))).toEqual(expected);
  });

  it.each<[string, Json, unknown]>([
    ['a test that fails', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]],
    ['a text where a number is', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }]],
    ['an add below what is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }]],
    ['a remove of what is not there', { foo: 'bar' }, [{ op: 'remove', path: '/baz' }]],
    ['a replace of what is not there', { foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 1 }]],
    ['an index past the end', { foo: ['bar'] }, [{ op: 'add', path: '/foo/2', value: 1 }]],
    ['an index with a leading zero', { foo: ['a', 'b'] }, [{ op: 'test', path: '/foo/01', value: 'b' }]],
    ['a move into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b' }]],
    ['inherited members', {}, [{ op: 'test', path: '/constructor', value: 1 }]],
  ])('refuses %s and changes nothing', (_what, document, patch) => {
    const before = structuredClone(document);
    expect(() => applyJsonPatch(document, readJsonPatch(patch))).toThrow(/operation 0/);
    expect(document).toEqual(before);
  });

  it.each<[string, unknown]>([
    ['no list', {}],
    ['an operation of another name', [{ op: 'change', path: '/a', value: 1 }]],
    ['a path without a slash', [{ op: 'remove', path: 'a' }]],
    ['an add without a value', [{ op: 'add', path: '/a' }]],
    ['a move without a from', [{ op: 'move', path: '/a' }]],
  ])('is not read when it is %s', (_what, patch) => {
    expect(() => readJsonPatch(patch)).toThrow(/.+/);
  });
});

describe('a merge patch (table of RFC 7386, appendix A)', () => {
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j gives %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  it('keeps a field called __proto__ a field', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}') as Json) as JsonObject;
    expect(Object.keys(merged)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const documents = fc.dictionary(fc.string({ maxLength: 3 }), json, { maxKeys: 5 }) as fc.Arbitrary<JsonObject>;

/** The merge patch that turns one document without nulls into another. */
function diff(from: Json | undefined, to: Json): Json {
  if (
    typeof from !== 'object' ||
    from === null ||
    Array.isArray(from) ||
    typeof to !== 'object' ||
    to === null ||
    Array.isArray(to)
  ) {
    return to;
  }
  const names = new Set([...Object.keys(from), ...Object.keys(to)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const [a, b] = [(from as JsonObject)[name], (to as JsonObject)[name]];
      return b === undefined ? [[name, null]] : a !== undefined && sameJson(a, b) ? [] : [[name, diff(a, b)]];
    }),
  );
}

const withoutNulls = (value: Json): Json =>
  Array.isArray(value)
    ? (value as readonly Json[])
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value as JsonObject)
            .filter(([name, inner]) => inner !== null && name !== '__proto__')
            .map(([name, inner]) => [name, withoutNulls(inner ?? null)]),
        )
      : value;

describe('patches round trip', () => {
  it('a merge patch made from a difference makes that difference, and is idempotent', () => {
    fc.assert(
      fc.property(documents, documents, (a, b) => {
        const [from, to] = [withoutNulls(a), withoutNulls(b)];
        const patch = diff(from, to);
        const merged = mergePatch(from, patch);
        expect(merged).toEqual(to);
        expect(mergePatch(merged, patch)).toEqual(to);
      }),
    );
  });

  it('an added value can be tested, moved away and back, and removed', () => {
    fc.assert(
      fc.property(documents, fc.string({ maxLength: 4 }), json, (document, name, value) => {
        fc.pre(!Object.hasOwn(document, name) && !Object.hasOwn(document, 'elsewhere') && name !== 'elsewhere');
        const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        const patch = readJsonPatch([
          { op: 'add', path, value },
          { op: 'test', path, value },
          { op: 'move', from: path, path: '/elsewhere' },
          { op: 'move', from: '/elsewhere', path },
          { op: 'test', path, value },
          { op: 'remove', path },
        ]);
        expect(sameJson(applyJsonPatch(document, patch), document)).toBe(true);
      }),
    );
  });
});

describe('a strategic merge patch', () => {
  const claim = (fields: object): Json => ({ metadata: { name: 'c' }, ...fields });
  const merged = (target: object, patch: object): JsonObject =>
    strategicMerge(persistentVolumeClaims.schema, claim(target), patch as Json) as JsonObject;

  it.each<[string, object, object, object]>([
    [
      'merges conditions by type',
      { status: { conditions: [{ type: 'Resizing', status: 'True' }] } },
      {
        status: {
          conditions: [
            { type: 'FileSystemResizePending', status: 'True' },
            { type: 'Resizing', status: 'False' },
          ],
        },
      },
      {
        status: {
          conditions: [
            { type: 'Resizing', status: 'False' },
            { type: 'FileSystemResizePending', status: 'True' },
          ],
        },
      },
    ],
    [
      'deletes a condition by directive',
      {
        status: {
          conditions: [
            { type: 'Resizing', status: 'True' },
            { type: 'Other', status: 'True' },
          ],
        },
      },
      { status: { conditions: [{ $patch: 'delete', type: 'Resizing' }] } },
      { status: { conditions: [{ type: 'Other', status: 'True' }] } },
    ],
    [
      'replaces a list by directive',
      { status: { conditions: [{ type: 'A', status: 'True' }] } },
      { status: { conditions: [{ type: 'B', status: 'True' }, { $patch: 'replace' }] } },
      { status: { conditions: [{ type: 'B', status: 'True' }] } },
    ],
    [
      'replaces access modes',
      { spec: { accessModes: ['A'] } },
      { spec: { accessModes: ['B'] } },
      { spec: { accessModes: ['B'] } },
    ],
    [
      'takes a field away with null',
      { spec: { volumeName: 'v', storageClassName: 's' } },
      { spec: { volumeName: null } },
      { spec: { storageClassName: 's' } },
    ],
    [
      'replaces a map by directive',
      { spec: { resources: { requests: { a: '1' } } } },
      { spec: { resources: { $patch: 'replace', requests: { b: '2' } } } },
      { spec: { resources: { requests: { b: '2' } } } },
    ],
    [
      'keeps only named keys with $retainKeys',
      { spec: { volumeName: 'v', storageClassName: 's' } },
      { spec: { $retainKeys: ['volumeName'], volumeName: 'w' } },
      { spec: { volumeName: 'w' } },
    ],
  ])('%s', (_what, target, patch, expected) => {
    expect(merged(target, patch)).toEqual(claim(expected));
  });

  it('adds to finalizers, and takes single ones out', () => {
    const target = { metadata: { name: 'c', finalizers: ['a/x', 'b/x'] } };
    expect(merged(target, { metadata: { finalizers: ['c/x', 'a/x'] } })['metadata']).toMatchObject({
      finalizers: ['a/x', 'b/x', 'c/x'],
    });
    expect(merged(target, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/x'] } })['metadata']).toMatchObject({
      finalizers: ['b/x'],
    });
  });

  it('orders by $setElementOrder', () => {
    const target = { status: { conditions: [{ type: 'A' }, { type: 'B' }] } };
    const patch = {
      status: {
        '$setElementOrder/conditions': [{ type: 'C' }, { type: 'B' }, { type: 'A' }],
        conditions: [{ type: 'C' }],
      },
    };
    expect(merged(target, patch)['status']).toEqual({ conditions: [{ type: 'C' }, { type: 'B' }, { type: 'A' }] });
  });

  it('refuses an item without its key, and a directive that it does not know', () => {
    expect(() => merged({}, { status: { conditions: [{ status: 'True' }] } })).toThrow(/declared merge key: type/);
    expect(() => merged({}, { spec: { $patch: 'explode' } })).toThrow(/Unknown patch type/);
  });

  it('merges ports of a Service by port', () => {
    const target = { spec: { ports: [{ port: 1, name: 'a' }, { port: 2 }] } } as Json;
    const result = strategicMerge(services.schema, target, { spec: { ports: [{ port: 1, name: 'b' }] } });
    expect(result).toEqual({ spec: { ports: [{ port: 1, name: 'b' }, { port: 2 }] } });
  });
});

import { readFileSync, readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import * as shapes from '../../../src/domain/name-shapes.ts';
import * as names from '../../../src/domain/names.ts';
import type { TextShape } from '../../../src/domain/schema.ts';
import { structuralProblems } from '../../../src/sandbox/api/custom-resources/structural-rules.ts';
import { validateStructure } from '../../../src/sandbox/api/custom-resources/structure.ts';
import type { Json } from '../../../src/sandbox/api/json.ts';
import type { Schema } from '../../../src/sandbox/api/schema/schema.ts';
import { bodyOf, codecOf, fieldsOf } from '../../../src/store/kubernetes/codec.ts';
import { recordDefinitions } from '../../../src/store/kubernetes/crds.ts';
import { descriptions } from '../../../src/store/kubernetes/descriptions.ts';
import { structuralSchema, type Structural } from '../../../src/store/kubernetes/structural-schema.ts';
import { isFields } from '../../../src/store/kubernetes/wishes.ts';
import { records } from './documents.ts';

const folder = new URL('../../../manifests/crds/', import.meta.url);

const definition = z.object({
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.tuple([
      z.object({
        schema: z.object({ openAPIV3Schema: z.custom<Structural>(isFields) }),
        subresources: z.unknown().optional(),
      }),
    ]),
  }),
});

const byKind = new Map(
  [...recordDefinitions().values()].map((each) => {
    const { names: kinds, versions } = definition.parse(each).spec;
    return [kinds.kind, versions[0]];
  }),
);

function schemaOf(kind: string): Structural {
  const found = byKind.get(kind)?.schema.openAPIV3Schema;
  if (found === undefined) {
    throw new Error(`no ${kind}`);
  }
  return found;
}

/** Every schema within, with its path as `descriptions` has it. */
function* within(schema: Structural, path: string): Generator<readonly [string, Structural]> {
  yield [path, schema];
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    yield* within(inner, `${path}.${name}`);
  }
  if (schema.items !== undefined) {
    yield* within(schema.items, path);
  }
}

const all = [...byKind.keys()].flatMap((kind) => [...within(schemaOf(kind), kind)]);

describe('CustomResourceDefinitions', () => {
  it('are committed as they are made: "npm run generate" writes them', () => {
    const committed = readdirSync(folder).filter((name) => name !== 'kustomization.yaml');
    expect(committed.toSorted()).toEqual([...recordDefinitions().keys()].toSorted());
    for (const [name, made] of recordDefinitions()) {
      expect(parse(readFileSync(new URL(name, folder), 'utf8'))).toEqual(made);
    }
  });

  it('are structural', () => {
    for (const kind of byKind.keys()) {
      expect(structuralProblems(schemaOf(kind) as unknown as Json, kind)).toEqual([]);
    }
    const words = all.flatMap(([, schema]) => Object.keys(schema));
    expect(words.filter((word) => ['oneOf', 'anyOf', 'propertyNames', '$schema'].includes(word))).toEqual([]);
  });

  it("hold patterns that Go's regular expressions know too", () => {
    const patterns = all.flatMap(([, { pattern }]) => (typeof pattern === 'string' ? [pattern] : []));
    expect(patterns.length).toBeGreaterThan(10);
    expect(patterns.filter((pattern) => /\(\?|\\[1-9bBk]/.test(pattern))).toEqual([]);
    // The API server compiles them without flags, JavaScript's validators with this one.
    expect(() => patterns.map((pattern) => new RegExp(pattern, 'u'))).not.toThrow();
  });

  it('describe their fields, and no field that is not there', () => {
    const paths = new Set(all.map(([path]) => path));
    expect(Object.keys(descriptions).filter((path) => !paths.has(path))).toEqual([]);
    const described = all.filter(([path]) => /^[^.]+(?:\.(?:spec|status)(?:\.[^.]+)?)?$/.test(path));
    expect(described.filter(([path]) => descriptions[path] === undefined).map(([path]) => path)).toEqual([]);
  });

  it('take every record, and know every field of it', () => {
    fc.assert(
      fc.property(
        records.arbitrary.filter(({ kind }) => kind !== 'meta'),
        (document) => {
          const kind = document.kind === 'meta' ? 'cluster' : document.kind;
          const fields = JSON.parse(JSON.stringify(fieldsOf(kind, bodyOf(document), undefined))) as Json;
          const schema = schemaOf(codecOf(kind).kind);
          expect(validateStructure(schema as unknown as Schema, fields, '')).toEqual([]);
          expect(unknownFields(schema, fields, '')).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuse what is no record', () => {
    const problems = (kind: string, object: Json): string[] =>
      validateStructure(schemaOf(kind) as unknown as Schema, object, '').map(({ field }) => field);
    expect(problems('GlusterNode', { spec: { cluster: 'C', zone: 'z', manage: 'm', storage: 's' } })).toEqual([
      'spec.cluster',
    ]);
    expect(
      problems('GlusterNode', {
        spec: { cluster: 'c', zone: 'z', manage: 'm', storage: 's', devices: [{ name: '/dev/../vdb', reserved: -1 }] },
      }),
    ).toEqual(['spec.devices[0].name', 'spec.devices[0].reserved']);
    expect(problems('GlusterVolume', { spec: {} })).toContain('status');
  });

  it('hold what never changes', () => {
    const fixed = all
      .filter(([, schema]) => schema['x-kubernetes-validations']?.some(({ rule }) => rule === 'self == oldSelf'))
      .map(([path]) => path);
    expect(fixed.toSorted()).toEqual([
      'GlusterNode.spec.cluster',
      'GlusterNode.spec.storage',
      'GlusterVolume.spec.cluster',
      'GlusterVolume.spec.durability',
      'GlusterVolume.spec.name',
    ]);
  });

  it('have a status of its own call for nodes only, as the store writes them', () => {
    const apart = [...byKind].filter(([, { subresources }]) => subresources !== undefined).map(([kind]) => kind);
    expect(apart).toEqual(['GlusterNode']);
  });
});

function unknownFields(schema: Structural, value: Json, path: string): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [path] : value.flatMap((each: Json) => unknownFields(items, each, path));
  }
  if (!isFields(value) || schema['additionalProperties'] !== undefined) {
    return [];
  }
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = schema.properties?.[name];
    return known === undefined ? [`${path}.${name}`] : unknownFields(known, inner as Json, `${path}.${name}`);
  });
}

describe('shapes of names', () => {
  const takes = (parse: (text: string) => string, text: string): boolean => {
    try {
      // A text that is kept in another form (a host in capitals) is no text of that form.
      return parse(text) === text;
    } catch (error) {
      if (error instanceof names.NameError) {
        return false;
      }
      throw error;
    }
  };
  const fits = ({ pattern, minLength = 0, maxLength = Infinity }: TextShape, text: string): boolean =>
    new RegExp(pattern, 'u').test(text) && text.length >= minLength && text.length <= maxLength;
  const uuid = '01234567-89ab-cdef-0123-456789abcdef';
  const piece = fc.constantFrom(
    'a',
    'Z',
    '0',
    '9',
    '-',
    '.',
    '..',
    ':',
    '/',
    '_',
    '+',
    '%',
    ' ',
    '\n',
    uuid,
    '1.2.3.4',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc
      .tuple(fc.array(piece, { maxLength: 3 }), fc.integer({ min: 30, max: 260 }))
      .map(([pieces, length]) => `a${pieces.join('')}`.padEnd(length, 'b')),
    fc.ipV6(),
    fc.ipV4(),
    fc.domain(),
  );

  it.each([
    ['cluster', names.clusterId, shapes.clusterIdShape],
    ['node', names.nodeId, shapes.nodeIdShape],
    ['device', names.deviceName, shapes.deviceNameShape],
    ['volume name', names.volumeName, shapes.volumeNameShape],
    ['volume', names.volumeId, shapes.volumeIdShape],
  ] as const)('%s: as the parser', (_what, parse, shape) => {
    fc.assert(
      fc.property(text, (given) => {
        expect(fits(shape, given)).toBe(takes(parse, given));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['host', names.hostName, shapes.hostNameShape],
    ['brick', names.brickId, shapes.brickIdShape],
  ] as const)('%s: whatever the parser takes', (_what, parse, shape) => {
    fc.assert(
      fc.property(text, (given) => {
        expect(takes(parse, given) && !fits(shape, given)).toBe(false);
      }),
      { numRuns: 3000 },
    );
    expect(fits(shape, `${uuid}-0-12-3`)).toBe(true);
  });
});

describe('structural schemas', () => {
  it('refuse what they cannot say', () => {
    expect(() => structuralSchema(z.union([z.string(), z.number()]))).toThrow('no structural schema can say');
    expect(() => structuralSchema(z.object({ a: z.union([z.string(), z.number()]) }))).toThrow('.a: ');
  });

  it('merge objects that are told apart by their kind', () => {
    const made = structuralSchema(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('a'), both: z.string(), mine: z.int().optional() }),
        z.object({ kind: z.literal('b'), both: z.string() }),
      ]),
    );
    expect(made).toMatchObject({
      required: ['kind'],
      properties: { kind: { enum: ['a', 'b'] }, mine: { type: 'integer', format: 'int64' } },
    });
    expect(made['x-kubernetes-validations']?.map(({ rule }) => rule)).toEqual([
      "has(self.both) || (self.kind != 'a' && self.kind != 'b')",
      "!has(self.both) || self.kind == 'a' || self.kind == 'b'",
      "!has(self.mine) || self.kind == 'a'",
    ]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findAll, parseJsonPath } from '../../../src/sandbox/api/custom-resources/json-path.ts';
import { validateStructure } from '../../../src/sandbox/api/custom-resources/structure.ts';
import { table } from '../../../src/sandbox/api/table.ts';
import { startControlPlane } from './control-plane.ts';
import type { Json, JsonObject } from '../../../src/sandbox/api/json.ts';
import type { Schema } from '../../../src/sandbox/api/schema/schema.ts';
import type { ControlPlane } from './control-plane.ts';

let plane: ControlPlane;
beforeEach(() => {
  plane = startControlPlane();
});
afterEach(() => {
  plane.stop();
});

const widgetSchema: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1 },
        colour: { type: 'string', default: 'red', enum: ['red', 'blue'] },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        tags: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
};

function definition(version: object = {}, spec: object = {}, name = 'widgets.example.dev') {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: 'example.dev',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: widgetSchema },
          ...version,
        },
      ],
      ...spec,
    } as Json,
  };
}

const type = { apiVersion: 'example.dev/v1alpha1', kind: 'Widget' };
const widget = (spec: object, more: object = {}) => ({ ...type, metadata: { name: 'w' }, spec: spec as Json, ...more });

describe('a CustomResourceDefinition', () => {
  it('is established at once, and serves its kind', () => {
    const made = plane.api.create(definition());
    expect(made['status']).toMatchObject({
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
      storedVersions: ['v1alpha1'],
    });
    expect(plane.api.create(widget({ size: 1 }))['spec']).toEqual({ size: 1, colour: 'red' });
  });

  it('does not serve what is not defined', () => {
    expect(() => plane.api.create(widget({ size: 1 }))).toThrow(
      'no matches for kind "Widget" in version "example.dev/v1alpha1"',
    );
  });

  it('takes its objects with it when it goes', async () => {
    plane.api.create(definition());
    plane.api.create(widget({ size: 1 }));
    plane.api.delete({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'widgets.example.dev',
    });
    await plane.settle();
    expect(plane.core.kinds.byType('example.dev/v1alpha1', 'Widget')).toBeUndefined();
    plane.api.create(definition());
    expect(plane.api.list(type)).toEqual([]);
  });

  it('serves several versions of the same objects', () => {
    const versions = ['v1alpha1', 'v1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: { openAPIV3Schema: widgetSchema },
    }));
    plane.api.create(definition({}, { versions }));
    plane.api.create(widget({ size: 1 }));
    expect(plane.api.get({ apiVersion: 'example.dev/v1', kind: 'Widget', name: 'w' })).toMatchObject({
      apiVersion: 'example.dev/v1',
      spec: { size: 1 },
    });
    expect(plane.api.get({ ...type, name: 'w' }).apiVersion).toBe('example.dev/v1alpha1');
  });

  const schema = (spec: Json) => ({ schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } });
  it.each<[string, JsonObject, RegExp]>([
    [
      'another name than plural.group',
      definition({}, {}, 'gadgets.example.dev'),
      /metadata\.name: Invalid value: .* must be spec\.names\.plural/,
    ],
    ['no schema', definition({ schema: {} }), /openAPIV3Schema: Required value: schemas are required/],
    ['no version', definition({}, { versions: [] }), /spec\.versions: Required value/],
    ['no storage version', definition({ storage: false }), /exactly one version marked as storage version/],
    [
      'a field without a type',
      definition(schema({ description: 'x' })),
      /properties\[spec\]\.type: Required value: must not be empty for specified object fields/,
    ],
    [
      'additionalProperties: false',
      definition(schema({ type: 'object', additionalProperties: false })),
      /additionalProperties cannot be set to false/,
    ],
    [
      'properties beside additionalProperties',
      definition(schema({ type: 'object', properties: {}, additionalProperties: { type: 'string' } })),
      /mutual exclusive/,
    ],
    [
      'a type inside oneOf',
      definition(schema({ type: 'object', oneOf: [{ type: 'object' }] })),
      /oneOf\[0\]\.type: Forbidden: must be empty to be structural/,
    ],
    ['a keyword of newer JSON Schema', definition(schema({ type: 'string', const: 'x' })), /unknown field "const"/],
    [
      'a numeric exclusiveMinimum',
      definition(schema({ type: 'integer', exclusiveMinimum: 0 })),
      /exclusiveMinimum: Invalid value: 0: must be a boolean/,
    ],
    ['a $ref', definition(schema({ type: 'object', $ref: '#/x' })), /\$ref is not supported/],
    [
      'a map list without keys',
      definition(schema({ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'map' })),
      /x-kubernetes-list-map-keys: Required value/,
    ],
    [
      'a column that cannot be read',
      definition({ additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '..a' }] }),
      /additionalPrinterColumns\[0\]\.jsonPath: Invalid value/,
    ],
  ])('with %s is refused', (_what, manifest, message) => {
    expect(() => plane.api.create(manifest as ReturnType<typeof definition>)).toThrow(message);
  });
});

describe('a custom resource', () => {
  beforeEach(() => {
    plane.api.create(definition());
  });

  it('loses fields that the schema does not know, unless it preserves them', () => {
    const reference = { ...type, name: 'w' };
    plane.api.create(widget({ size: 1, free: { any: { thing: [1] } } }));
    expect(plane.api.get(reference)['spec']).toEqual({ size: 1, colour: 'red', free: { any: { thing: [1] } } });
    expect(() => plane.api.patch(reference, { spec: { weight: 3 } })).toThrow(
      'strict decoding error: unknown field "spec.weight"',
    );
  });

  it.each([
    [{}, 'spec.size: Required value'],
    [{ size: 'big' }, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'],
    [{ size: 0 }, 'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1'],
    [{ size: 1, colour: 'green' }, 'spec.colour: Unsupported value: "green": supported values: "red", "blue"'],
    [
      { size: 1, tags: { a: 1 } },
      'spec.tags.a: Invalid value: "number": spec.tags.a in body must be of type string: "number"',
    ],
  ])('with spec %j is refused: %s', (spec, message) => {
    expect(() => plane.api.create(widget(spec))).toThrow(`Widget.example.dev "w" is invalid: ${message}`);
  });

  it('has a status that only the subresource writes, and a generation that only the spec raises', () => {
    const made = plane.api.create(widget({ size: 1 }, { status: { phase: 'Ready' } }));
    expect(made).not.toHaveProperty('status');
    expect(made.metadata.generation).toBe(1);
    const reference = { ...type, name: 'w' };
    const ready = plane.api.patch(reference, { status: { phase: 'Ready' }, spec: { size: 9 } }, 'status');
    expect(ready).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' }, metadata: { generation: 1 } });
    const grown = plane.api.patch(reference, { spec: { size: 2 }, status: { phase: 'Lost' } });
    expect(grown).toMatchObject({ spec: { size: 2 }, status: { phase: 'Ready' }, metadata: { generation: 2 } });
    expect(plane.api.patch(reference, { metadata: { labels: { a: 'b' } } }).metadata.generation).toBe(2);
    expect(() => plane.api.patch(reference, { status: { phase: 7 } }, 'status')).toThrow(
      /status\.phase in body must be of type string/,
    );
  });

  it('cannot be replaced blindly', () => {
    plane.api.create(widget({ size: 1 }));
    const blind = { ...widget({ size: 2 }), metadata: { name: 'w', namespace: 'default' } };
    expect(() => plane.api.update(blind)).toThrow(/must be specified for an update/);
  });
});

describe('printer columns', () => {
  it.each<[string, Json, readonly Json[]]>([
    ['.spec.size', { spec: { size: 3 } }, [3]],
    ['{.spec.size}', { spec: { size: 3 } }, [3]],
    ['.spec.none', { spec: {} }, []],
    ['.a[1]', { a: [1, 2] }, [2]],
    ['.a[*].b', { a: [{ b: 1 }, { b: 2 }] }, [1, 2]],
    [
      '.status.conditions[?(@.type=="Ready")].status',
      {
        status: {
          conditions: [
            { type: 'Ready', status: 'True' },
            { type: 'Other', status: 'False' },
          ],
        },
      },
      ['True'],
    ],
    [
      String.raw`.metadata.annotations['example\.dev/a']`,
      { metadata: { annotations: { 'example.dev/a': 'x' } } },
      ['x'],
    ],
  ])('%s', (text, value, expected) => {
    expect(findAll(value, parseJsonPath(text) ?? [])).toEqual(expected);
  });

  it.each(['spec.size', '..size', '.a[', '.a[?(@.x>1)]'])('%j is no path', (text) => {
    expect(parseJsonPath(text)).toBeUndefined();
  });

  it('show what the definition says', () => {
    const additionalPrinterColumns = [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
      { name: 'Colour', type: 'string', jsonPath: '.spec.colour', priority: 1 },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ];
    plane.api.create(definition({ additionalPrinterColumns }));
    const made = plane.api.create(widget({ size: 4 }));
    const kind = plane.core.kinds.byType(type.apiVersion, type.kind);
    if (kind === undefined) {
      throw new Error('not served');
    }
    const found = table(
      kind,
      [made],
      {},
      { version: plane.core.context.version, now: plane.clock.now() + 61_000, includeObject: 'None', headers: true },
    );
    expect(found['rows']).toEqual([{ cells: ['w', 4, 'red', null, '61s'] }]);
    expect(found['columnDefinitions']).toMatchObject([
      { name: 'Name' },
      { name: 'Size', priority: 0 },
      { name: 'Colour', priority: 1 },
      {},
      {},
    ]);
  });
});

describe('a structural schema', () => {
  it.each<[Schema, Json, readonly string[]]>([
    [{ type: 'string', pattern: '^a+$' }, 'b', ["f in body should match '^a+$'"]],
    [{ type: 'string', minLength: 2 }, 'a', ['f in body should be at least 2 chars long']],
    [{ type: 'string', maxLength: 2 }, 'abc', ['Too long: may not be more than 2 bytes']],
    [{ type: 'string', format: 'date-time' }, 'yesterday', ['f in body must be of type date-time']],
    [{ type: 'integer' }, 1.5, ['must be of type integer']],
    [{ type: 'integer', format: 'int32' }, 2 ** 31, ['must be of type int32']],
    [{ type: 'integer', maximum: 3, exclusiveMaximum: true }, 3, ['should be less than 3']],
    [{ type: 'integer', multipleOf: 5 }, 7, ['should be a multiple of 5']],
    [{ type: 'array', items: { type: 'integer' }, minItems: 1 }, [], ['should have at least 1 items']],
    [{ type: 'array', items: { type: 'integer' }, maxItems: 1 }, [1, 2], ['Too many: 2: must have at most 1 items']],
    [{ type: 'array', items: { type: 'integer' } }, ['x'], ['f[0] in body must be of type integer']],
    [
      { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      ['a', 'a'],
      ['Duplicate value: "a"'],
    ],
    [
      {
        type: 'array',
        items: { type: 'object' },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      [{ k: 1 }, { k: 1 }],
      ['Duplicate value'],
    ],
    [{ type: 'object', maxProperties: 1 }, { a: 1, b: 2 }, ['must have at most 1 items']],
    [{ type: 'string' }, null, ['must be of type string: "null"']],
    [{ type: 'string', nullable: true }, null, []],
    [{ 'x-kubernetes-int-or-string': true }, '5', []],
    [{ 'x-kubernetes-int-or-string': true }, true, ['must be of type integer,string']],
    [
      { type: 'object', anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      {},
      ['must validate at least one schema (anyOf)'],
    ],
    [
      { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { a: 1, b: 1 },
      ['one and only one schema (oneOf)'],
    ],
    [{ type: 'object', not: { required: ['a'] } }, { a: 1 }, ['not the schema (not)']],
    [{ type: 'object', allOf: [{ required: ['a'] }] }, {}, ['Required value']],
  ])('%j of %j says %j', (schema, value, expected) => {
    const found = validateStructure(schema, value, 'f').map((error) => error.detail);
    expect(found).toEqual(expected.map((part) => expect.stringContaining(part) as string));
  });
});

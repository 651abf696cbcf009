/** zod schemas as what a CustomResourceDefinition may hold: structural, no shape decided by oneOf or anyOf. */
import { z } from 'zod';
import { isFields, omit, type Fields } from './wishes.ts';

/** A rule in CEL. It holds for every value at its place; with `oldSelf` in it, for every change. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
}

/** A schema as a CustomResourceDefinition has it. */
export interface Structural extends Fields {
  readonly type: string;
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly items?: Structural;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

/** Never to change once it is written. */
export function immutable(what: string): Rule {
  return { rule: 'self == oldSelf', message: `${what} never changes` };
}

/** The structural schema of what may be put in. Throws when the zod schema has what no structural schema can say. */
export function structuralSchema(schema: z.ZodType): Structural {
  return convert(z.toJSONSchema(schema, { io: 'input' }), '');
}

function convert(given: unknown, path: string): Structural {
  if (!isFields(given)) {
    throw new Error(`${path}: expected a schema, got ${JSON.stringify(given)}`);
  }
  if (Array.isArray(given['oneOf'])) {
    return union(given['oneOf'], path);
  }
  if (typeof given['const'] === 'string') {
    return convert({ ...omit(given, 'const'), enum: [given['const']] }, path);
  }
  const { type, properties, items, additionalProperties, ...rest } = given;
  if (typeof type !== 'string' || given['anyOf'] !== undefined || given['allOf'] !== undefined) {
    throw new Error(`${path}: no structural schema can say ${JSON.stringify(given)}`);
  }
  return {
    type,
    // Names of fields cannot be checked by a structural schema: the engine does.
    ...omit(rest, '$schema', 'propertyNames', ...(type === 'integer' ? ['minimum', 'maximum'] : [])),
    ...(type === 'integer' ? { format: 'int64', ...bounds(rest) } : {}),
    ...(isFields(properties) ? { properties: convertAll(properties, path) } : {}),
    ...(items === undefined ? {} : { items: convert(items, `${path}[]`) }),
    ...(isFields(additionalProperties) ? { additionalProperties: convert(additionalProperties, `${path}.*`) } : {}),
  };
}

function convertAll(properties: Fields, path: string): Readonly<Record<string, Structural>> {
  return Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, convert(each, `${path}.${name}`)]));
}

/** The widest bounds of zod say only that a JavaScript number can hold it. */
function bounds({ minimum, maximum }: Fields): Fields {
  return {
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  };
}

/**
 * Objects that are told apart by their `kind`, as one object with the fields of all, and a rule for each field about the
 * kinds that have it.
 */
function union(variants: readonly unknown[], path: string): Structural {
  const objects = variants.map((variant) => convert(variant, path));
  const kinds = objects.map(({ properties }) => oneKind(properties?.['kind'], path));
  const fields = new Set(objects.flatMap(({ properties = {} }) => Object.keys(properties)));
  fields.delete('kind');
  const merged = [...fields].map((field): readonly [string, Structural, Rule[]] => {
    const having = objects.filter(({ properties = {} }) => properties[field] !== undefined);
    const [first, ...others] = having.map(({ properties = {} }) => properties[field]);
    if (first === undefined || others.some((other) => JSON.stringify(other) !== JSON.stringify(first))) {
      throw new Error(`${path}.${field}: expected the same schema in every kind that has it`);
    }
    const all = kinds.filter((_kind, index) => objects[index]?.properties?.[field] !== undefined);
    const must = kinds.filter((_kind, index) => objects[index]?.required?.includes(field) === true);
    return [field, first, fieldRules(field, all, must)];
  });
  return {
    type: 'object',
    properties: {
      kind: { type: 'string', enum: kinds },
      ...Object.fromEntries(merged.map(([field, schema]) => [field, schema])),
    },
    required: ['kind'],
    'x-kubernetes-validations': merged.flatMap(([, , rules]) => rules),
  };
}

function oneKind(schema: Structural | undefined, path: string): string {
  const kinds = z.tuple([z.string()]).safeParse(schema?.['enum']);
  if (!kinds.success) {
    throw new Error(`${path}: expected objects with a constant kind`);
  }
  return kinds.data[0];
}

function fieldRules(field: string, all: readonly string[], must: readonly string[]): Rule[] {
  const isOneOf = (kinds: readonly string[]): string => kinds.map((kind) => `self.kind == '${kind}'`).join(' || ');
  const isNone = (kinds: readonly string[]): string => kinds.map((kind) => `self.kind != '${kind}'`).join(' && ');
  return [
    ...(must.length === 0
      ? []
      : [
          {
            rule: `has(self.${field}) || (${isNone(must)})`,
            message: `${field} is required for ${must.join(' and ')}`,
          },
        ]),
    { rule: `!has(self.${field}) || ${isOneOf(all)}`, message: `${field} is for ${all.join(' and ')} only` },
  ];
}

/**
 * The shape of a kind, in the one language that everything here reads: OpenAPI v3 with the x-kubernetes extensions.
 * Decoding, pruning, strategic merge, server-side apply, `kubectl explain` and custom resources all work from it.
 */
import type { Json } from '../json.ts';

/** One node of a schema. */
export type Schema = {
  readonly type?: string;
  /** For text: date-time, micro-time, quantity, byte, int-or-string, pointer (empty text is kept). */
  readonly format?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
};

const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

/** The schema of `field` within an object of `schema`; undefined when such a field is not known. */
export function fieldSchema(schema: Schema | undefined, field: string): Schema | undefined {
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, field)) {
    return schema.properties[field];
  }
  if (typeof schema?.additionalProperties === 'object') {
    return schema.additionalProperties;
  }
  return schema?.additionalProperties === true || schema?.['x-kubernetes-preserve-unknown-fields'] === true
    ? anything
    : undefined;
}

/** A map has keys of the users' choosing, as opposed to an object whose fields the schema names. */
export function isMap(schema: Schema | undefined): boolean {
  return schema?.properties === undefined;
}

/** How a list is merged by server-side apply. Lists that say nothing are replaced as a whole. */
export function listType(schema: Schema | undefined): 'atomic' | 'set' | 'map' {
  return schema?.['x-kubernetes-list-type'] ?? 'atomic';
}

/** Field selectors: `metadata.name=x,involvedObject.kind!=Pod`. Each kind says which fields it can be selected by. */
import { badRequest } from '../errors.ts';
import type { KubeObject } from '../object.ts';

/** How to read each field that may be selected by. */
export type FieldLabels = ReadonlyMap<string, (object: KubeObject) => string>;

/** One term of a field selector. */
export type FieldRequirement = { readonly field: string; readonly equal: boolean; readonly value: string };

/** What every namespaced kind can be selected by. */
export const namespacedFieldLabels: FieldLabels = new Map([
  ['metadata.name', (object: KubeObject): string => object.metadata.name],
  ['metadata.namespace', (object: KubeObject): string => object.metadata.namespace ?? ''],
]);

/** What every cluster-wide kind can be selected by. */
export const clusterFieldLabels: FieldLabels = new Map([
  ['metadata.name', (object: KubeObject): string => object.metadata.name],
]);

const term = /^((?:[^=!,\\]|\\.)+?)(==|=|!=)((?:[^,=\\]|\\.)*)$/;

/** Throws ApiError 400 when a part cannot be read or a field cannot be selected by. */
export function parseFieldSelector(text: string, labels: FieldLabels, resource: string): readonly FieldRequirement[] {
  return splitTerms(text).map((part) => {
    const match = term.exec(part);
    if (match === null) {
      throw badRequest(`invalid field selector: ${text}; can't understand '${part}'`);
    }
    const [, field = '', operator, value = ''] = match;
    if (!labels.has(field)) {
      throw badRequest(
        `Unable to find "${resource}" that match label selector "", field selector "${text}": field label not supported: ${field}`,
      );
    }
    return { field, equal: operator !== '!=', value: value.replaceAll(/\\(.)/g, '$1') };
  });
}

function splitTerms(text: string): readonly string[] {
  return (text.match(/(?:[^,\\]|\\.)+/g) ?? []).filter((part) => part.trim() !== '');
}

/** Says whether the object, in storage form, meets every term. */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  labels: FieldLabels,
  object: KubeObject,
): boolean {
  return requirements.every(({ field, equal, value }) => (labels.get(field)?.(object) === value) === equal);
}

import { forbiddenField, invalid, required, tooLong } from '../errors.ts';
import { arrayAt, isObject, sameJson, textAt } from '../json.ts';
import { dnsLabelProblem, labelValueProblem, qualifiedNameProblem } from './names.ts';
import type { FieldError } from '../errors.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';

/** All annotations of an object together may hold this many bytes. */
const annotationLimit = 256 * 1024;

/** The rules that the metadata of every object obeys. */
export function validateMeta(kind: Kind, object: KubeObject): readonly FieldError[] {
  const { name, namespace } = object.metadata;
  const nameProblem = name === '' || name === undefined ? undefined : kind.nameProblem(name);
  const namespaceProblem = namespace === undefined ? undefined : dnsLabelProblem(namespace);
  return [
    ...(name === '' || name === undefined ? [required('metadata.name', 'name or generateName is required')] : []),
    ...(nameProblem === undefined ? [] : [invalid('metadata.name', name, nameProblem)]),
    ...(kind.namespaced && namespaceProblem !== undefined
      ? [invalid('metadata.namespace', namespace, namespaceProblem)]
      : []),
    ...validateLabels(object),
    ...validateAnnotations(object),
    ...validateOwners(object),
    ...validateFinalizers(kind, object),
  ];
}

function validateLabels(object: KubeObject): readonly FieldError[] {
  return Object.entries(object.metadata.labels ?? {}).flatMap(([key, value]) => {
    const keyProblem = qualifiedNameProblem(key);
    const valueProblem = labelValueProblem(value);
    const ofKey = keyProblem === undefined ? [] : [invalid('metadata.labels', key, keyProblem)];
    return valueProblem === undefined ? ofKey : ofKey.concat(invalid('metadata.labels', value, valueProblem));
  });
}

function validateAnnotations(object: KubeObject): readonly FieldError[] {
  const entries = Object.entries(object.metadata.annotations ?? {});
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...entries.flatMap(([key]) => {
      const problem = qualifiedNameProblem(key.toLowerCase());
      return problem === undefined ? [] : [invalid('metadata.annotations', key, problem)];
    }),
    ...(size > annotationLimit ? [tooLong('metadata.annotations', annotationLimit)] : []),
  ];
}

function validateOwners(object: KubeObject): readonly FieldError[] {
  const owners = arrayAt(object.metadata, 'ownerReferences');
  const controllers = owners.filter((owner) => isObject(owner) && owner['controller'] === true);
  return [
    ...(controllers.length > 1
      ? [invalid('metadata.ownerReferences', owners, 'Only one reference can have Controller set to true')]
      : []),
    ...owners.flatMap((owner, index) =>
      ['apiVersion', 'kind', 'name', 'uid']
        .filter((field) => textAt(owner, field) === undefined)
        .map((field) => invalid(`metadata.ownerReferences[${index}].${field}`, '', `${field} must not be empty`)),
    ),
  ];
}

/** Finalizers of the core have no slash. Those of built-in kinds are one of these or have a slash; elsewhere any name will do. */
const bareFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function validateFinalizers(kind: Kind, object: KubeObject): readonly FieldError[] {
  return (object.metadata.finalizers ?? []).flatMap((finalizer, index) => {
    const field = `metadata.finalizers[${index}]`;
    const problem = qualifiedNameProblem(finalizer);
    if (problem !== undefined) {
      return [invalid('metadata.finalizers', finalizer, problem)];
    }
    const free = kind.custom || kind.group === 'apiextensions.k8s.io';
    return free || finalizer.includes('/') || bareFinalizers.has(finalizer)
      ? []
      : [invalid(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];
  });
}

/** What no update may change. */
export function validateMetaUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  const frozen = (field: string): readonly FieldError[] =>
    sameJson(next.metadata[field], previous.metadata[field])
      ? []
      : [invalid(`metadata.${field}`, next.metadata[field], 'field is immutable')];
  return [
    ...frozen('name'),
    ...frozen('namespace'),
    ...frozen('uid'),
    ...frozen('creationTimestamp'),
    ...newFinalizers(next, previous),
  ];
}

function newFinalizers(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  const had = previous.metadata.finalizers ?? [];
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !had.includes(finalizer));
  if (previous.metadata.deletionTimestamp === undefined || added.length === 0) {
    return [];
  }
  const found = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
  return [
    forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers ${found}`,
    ),
  ];
}

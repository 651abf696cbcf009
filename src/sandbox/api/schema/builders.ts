/** Short forms for writing the schemas of the built-in kinds. */
import type { Schema } from './schema.ts';

export const text: Schema = { type: 'string' };
/** Text whose empty value means something else than its absence (a pointer in Go): `storageClassName`. */
export const optionalText: Schema = { type: 'string', format: 'pointer' };
export const integer: Schema = { type: 'integer', format: 'int64' };
export const truth: Schema = { type: 'boolean' };
export const quantity: Schema = { type: 'string', format: 'quantity' };
export const time: Schema = { type: 'string', format: 'date-time' };
export const microTime: Schema = { type: 'string', format: 'micro-time' };
export const bytes: Schema = { type: 'string', format: 'byte' };
/** A number, or the name of one (a port). */
export const intOrString: Schema = { 'x-kubernetes-int-or-string': true };
/** An object that is stored as it comes. */
export const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** Named fields; others do not exist. */
export const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });
/** An object of which only the fields that merging needs to know are described; the others are kept as they come. */
export const openObject = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...object(properties),
  'x-kubernetes-preserve-unknown-fields': true,
});
/** An object that is replaced as a whole. */
const atomicObject = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...object(properties),
  'x-kubernetes-map-type': 'atomic',
});
/** Keys of the users' choosing. */
export const map = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
/** A list that is replaced as a whole. */
export const list = (items: Schema): Schema => ({ type: 'array', items, 'x-kubernetes-list-type': 'atomic' });
/** A list in which each value stands once, merged value by value. */
export const set = (items: Schema): Schema => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'set',
  'x-kubernetes-patch-strategy': 'merge',
});

/** A list whose items are told apart by `keys`; strategic merge patch knows the first key only. */
export const keyedList = (keys: readonly [string, ...string[]], items: Schema): Schema => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': keys[0],
});

const ownerReference = atomicObject({
  apiVersion: text,
  kind: text,
  name: text,
  uid: text,
  controller: truth,
  blockOwnerDeletion: truth,
});

/** metav1.ObjectMeta. */
export const objectMeta: Schema = object({
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: integer,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: integer,
  labels: map(text),
  annotations: map(text),
  ownerReferences: keyedList(['uid'], ownerReference),
  finalizers: set(text),
  managedFields: list(open),
});

/** A reference to any object: a claimRef, what an event is about. */
export const objectReference: Schema = atomicObject({
  kind: text,
  namespace: text,
  name: text,
  uid: text,
  apiVersion: text,
  resourceVersion: text,
  fieldPath: text,
});

export const localReference: Schema = atomicObject({ apiGroup: optionalText, kind: text, name: text });
export const secretReference: Schema = atomicObject({ name: text, namespace: text });

/** metav1.LabelSelector. */
export const labelSelector: Schema = atomicObject({
  matchLabels: map(text),
  matchExpressions: list(object({ key: text, operator: text, values: list(text) })),
});

/** A condition as status lists have it, told apart by `type`. */
export const condition: Schema = object({
  type: text,
  status: text,
  reason: text,
  message: text,
  lastProbeTime: time,
  lastTransitionTime: time,
  lastHeartbeatTime: time,
  observedGeneration: integer,
});

/** A whole kind: type, metadata and the given fields. */
export const kindSchema = (properties: Readonly<Record<string, Schema>>): Schema =>
  object({ apiVersion: text, kind: text, metadata: objectMeta, ...properties });

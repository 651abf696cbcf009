/** Field numbers of the messages that kubectl sends, from the API's published .proto files. */

/** How the value of a field is read. `map:bytes` has text keys and binary values. */
export type Reader =
  | 'text'
  | 'integer'
  | 'truth'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'map'
  | 'map:bytes'
  | 'intOrString'
  | Message;
type Field = { readonly name: string; readonly read: Reader; readonly repeated: boolean };
/** Field number -> field. */
export type Message = ReadonlyMap<number, Field>;

/** A field that holds one value; of a message that comes twice, the parts are merged. */
export const one = (name: string, read: Reader): Field => ({ name, read, repeated: false });
const many = (name: string, read: Reader): Field => ({ name, read, repeated: true });
/** A message from its field numbers. Numbers that are not listed are skipped when read. */
export const message = (fields: Readonly<Record<number, Field>>): Message =>
  new Map(Object.entries(fields).map(([number, field]) => [Number(number), field]));

const objectReference = message({
  1: one('kind', 'text'),
  2: one('namespace', 'text'),
  3: one('name', 'text'),
  4: one('uid', 'text'),
  5: one('apiVersion', 'text'),
  6: one('resourceVersion', 'text'),
  7: one('fieldPath', 'text'),
});
const ownerReference = message({
  1: one('kind', 'text'),
  3: one('name', 'text'),
  4: one('uid', 'text'),
  5: one('apiVersion', 'text'),
  6: one('controller', 'truth'),
  7: one('blockOwnerDeletion', 'truth'),
});
const metadata = one(
  'metadata',
  message({
    1: one('name', 'text'),
    2: one('generateName', 'text'),
    3: one('namespace', 'text'),
    5: one('uid', 'text'),
    6: one('resourceVersion', 'text'),
    7: one('generation', 'integer'),
    8: one('creationTimestamp', 'time'),
    9: one('deletionTimestamp', 'time'),
    11: one('labels', 'map'),
    12: one('annotations', 'map'),
    13: many('ownerReferences', ownerReference),
    14: many('finalizers', 'text'),
  }),
);

const servicePort = message({
  1: one('name', 'text'),
  2: one('protocol', 'text'),
  3: one('port', 'integer'),
  4: one('targetPort', 'intOrString'),
  5: one('nodePort', 'integer'),
  6: one('appProtocol', 'text'),
});
const serviceSpec = message({
  1: many('ports', servicePort),
  2: one('selector', 'map'),
  3: one('clusterIP', 'text'),
  4: one('type', 'text'),
  5: many('externalIPs', 'text'),
  7: one('sessionAffinity', 'text'),
  10: one('externalName', 'text'),
  13: one('publishNotReadyAddresses', 'truth'),
  18: many('clusterIPs', 'text'),
});
const resourceAttributes = message({
  1: one('namespace', 'text'),
  2: one('verb', 'text'),
  3: one('group', 'text'),
  4: one('version', 'text'),
  5: one('resource', 'text'),
  6: one('subresource', 'text'),
  7: one('name', 'text'),
});
const accessSpec = message({
  1: one('resourceAttributes', resourceAttributes),
  2: one('nonResourceAttributes', message({ 1: one('path', 'text'), 2: one('verb', 'text') })),
});
const leaseSpec = message({
  1: one('holderIdentity', 'text'),
  2: one('leaseDurationSeconds', 'integer'),
  3: one('acquireTime', 'microTime'),
  4: one('renewTime', 'microTime'),
  5: one('leaseTransitions', 'integer'),
});
const deleteOptions = message({
  1: one('gracePeriodSeconds', 'integer'),
  2: one('preconditions', message({ 1: one('uid', 'text'), 2: one('resourceVersion', 'text') })),
  3: one('orphanDependents', 'truth'),
  4: one('propagationPolicy', 'text'),
  5: many('dryRun', 'text'),
});
const eventSource = message({ 1: one('component', 'text'), 2: one('host', 'text') });

/** The kinds that can be read. */
export const protobufKinds: ReadonlyMap<string, Message> = new Map([
  ['Namespace', message({ 1: metadata, 2: one('spec', message({ 1: many('finalizers', 'text') })) })],
  [
    'ConfigMap',
    message({ 1: metadata, 2: one('data', 'map'), 3: one('binaryData', 'map:bytes'), 4: one('immutable', 'truth') }),
  ],
  [
    'Secret',
    message({
      1: metadata,
      2: one('data', 'map:bytes'),
      3: one('type', 'text'),
      4: one('stringData', 'map'),
      5: one('immutable', 'truth'),
    }),
  ],
  [
    'ServiceAccount',
    message({
      1: metadata,
      2: many('secrets', objectReference),
      3: many('imagePullSecrets', message({ 1: one('name', 'text') })),
      4: one('automountServiceAccountToken', 'truth'),
    }),
  ],
  ['Service', message({ 1: metadata, 2: one('spec', serviceSpec) })],
  ['Lease', message({ 1: metadata, 2: one('spec', leaseSpec) })],
  [
    'Event',
    message({
      1: metadata,
      2: one('involvedObject', objectReference),
      3: one('reason', 'text'),
      4: one('message', 'text'),
      5: one('source', eventSource),
      6: one('firstTimestamp', 'time'),
      7: one('lastTimestamp', 'time'),
      8: one('count', 'integer'),
      9: one('type', 'text'),
      10: one('eventTime', 'microTime'),
      12: one('action', 'text'),
      14: one('reportingComponent', 'text'),
      15: one('reportingInstance', 'text'),
    }),
  ],
  ['SelfSubjectAccessReview', message({ 1: metadata, 2: one('spec', accessSpec) })],
  ['SelfSubjectRulesReview', message({ 1: metadata, 2: one('spec', message({ 1: one('namespace', 'text') })) })],
  ['SelfSubjectReview', message({ 1: metadata })],
  ['DeleteOptions', deleteOptions],
]);

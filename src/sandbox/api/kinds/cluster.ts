/** Namespaces, nodes and leases. */
import { forbidden, forbiddenField, invalid } from '../errors.ts';
import { arrayAt, objectAt, textAt, valueAt } from '../json.ts';
import { withMeta } from '../object.ts';
import {
  condition,
  integer,
  keyedList,
  kindSchema,
  list,
  map,
  microTime,
  object,
  open,
  optionalText,
  quantity,
  set,
  text,
  truth,
} from '../schema/builders.ts';
import { clusterFieldLabels } from '../selectors/fields.ts';
import { resourceId } from '../store/store.ts';
import { dnsLabelProblem } from '../validation/names.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { KubeObject } from '../object.ts';

/** Where namespaces are kept. */
export const namespaceResource = resourceId('', 'namespaces');

const undeletable = new Set(['default', 'kube-system', 'kube-public']);

/** Throws ApiError 403 for the namespaces that a cluster cannot do without. */
export function checkNamespaceDeletable(name: string): void {
  if (undeletable.has(name)) {
    throw forbidden({ group: '', resource: 'namespaces' }, name, 'this namespace may not be deleted');
  }
}

const phaseOf = (found: KubeObject): string => textAt(found, 'status', 'phase') ?? '';

function prepareNamespace(namespace: KubeObject): KubeObject {
  const named = withMeta(namespace, {
    labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name },
  });
  return { ...named, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
}

/** Namespaces: held by `spec.finalizers` until the namespace controller has emptied them. */
export const namespaces = defineKind({
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  subresources: ['status', 'finalize'],
  nameProblem: dnsLabelProblem,
  schema: kindSchema({
    spec: object({ finalizers: set(text) }),
    status: object({ phase: text, conditions: keyedList(['type'], condition) }),
  }),
  prepareCreate: prepareNamespace,
  prepareUpdate: (next) =>
    withMeta(next, { labels: { ...next.metadata.labels, 'kubernetes.io/metadata.name': next.metadata.name } }),
  fieldLabels: new Map([...clusterFieldLabels, ['status.phase', phaseOf]]),
  columns: () => [nameColumn, column('Status', phaseOf), ageColumn],
});

function nodeStatus(node: KubeObject): string {
  const ready = arrayAt(node, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Ready');
  const state = ready === undefined ? 'Unknown' : textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return valueAt(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(node.metadata.labels ?? {}).flatMap((key) =>
    key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
  return roles.sort().join(',') || '<none>';
}

const nodeAddress =
  (type: string) =>
  (node: KubeObject): string =>
    arrayAt(node, 'status', 'addresses').flatMap((one) =>
      textAt(one, 'type') === type ? [textAt(one, 'address') ?? ''] : [],
    )[0] ?? '<none>';
const nodeInfo =
  (field: string, otherwise: string) =>
  (node: KubeObject): string =>
    textAt(node, 'status', 'nodeInfo', field) ?? otherwise;

/** Nodes: created with their status, as a kubelet does that registers. */
export const nodes = defineKind({
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  subresources: ['status'],
  schema: kindSchema({
    spec: object({
      podCIDR: text,
      podCIDRs: set(text),
      providerID: text,
      unschedulable: truth,
      taints: list(open),
      externalID: text,
      configSource: open,
    }),
    status: object({
      capacity: map(quantity),
      allocatable: map(quantity),
      phase: text,
      conditions: keyedList(['type'], condition),
      addresses: keyedList(['type'], object({ type: text, address: text })),
      nodeInfo: open,
      daemonEndpoints: open,
      images: list(open),
      volumesInUse: list(text),
      volumesAttached: list(open),
      config: open,
      runtimeHandlers: list(open),
      features: open,
    }),
  }),
  fieldLabels: new Map([
    ...clusterFieldLabels,
    ['spec.unschedulable', (node: KubeObject): string => String(valueAt(node, 'spec', 'unschedulable') === true)],
  ]),
  columns: () => [
    nameColumn,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    ageColumn,
    column('Version', nodeInfo('kubeletVersion', '')),
    column('Internal-IP', nodeAddress('InternalIP'), { wide: true }),
    column('External-IP', nodeAddress('ExternalIP'), { wide: true }),
    column('OS-Image', nodeInfo('osImage', '<unknown>'), { wide: true }),
    column('Kernel-Version', nodeInfo('kernelVersion', '<unknown>'), { wide: true }),
    column('Container-Runtime', nodeInfo('containerRuntimeVersion', '<unknown>'), { wide: true }),
  ],
});

function validateLease(lease: KubeObject): readonly FieldError[] {
  const seconds = valueAt(lease, 'spec', 'leaseDurationSeconds');
  const transitions = valueAt(lease, 'spec', 'leaseTransitions');
  return [
    ...(typeof seconds === 'number' && seconds <= 0
      ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
      : []),
    ...(typeof transitions === 'number' && transitions < 0
      ? [invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
      : []),
    ...(Object.hasOwn(objectAt(lease, 'spec'), 'preferredHolder') && textAt(lease, 'spec', 'strategy') === undefined
      ? [forbiddenField('spec.preferredHolder', 'may only be specified if `strategy` is defined')]
      : []),
  ];
}

/** Leases: never replaced blindly, and times with six digits. */
export const leases = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  createOnUpdate: true,
  unconditionalUpdate: false,
  schema: kindSchema({
    spec: object({
      holderIdentity: optionalText,
      leaseDurationSeconds: integer,
      acquireTime: microTime,
      renewTime: microTime,
      leaseTransitions: integer,
      strategy: text,
      preferredHolder: optionalText,
    }),
  }),
  validate: validateLease,
  columns: () => [nameColumn, column('Holder', (lease) => textAt(lease, 'spec', 'holderIdentity') ?? ''), ageColumn],
});

/** CSIDriver and CSINode: what there is to know of node plugins. Stored and checked; there is no kubelet that acts on them. */
import { duplicate, invalid, required, tooLong, unsupported } from '../errors.ts';
import { arrayAt, objectAt, sameJson, show, textAt, valueAt } from '../json.ts';
import { integer, keyedList, kindSchema, list, object, optionalText, text, truth } from '../schema/builders.ts';
import { dnsSubdomainProblem } from '../validation/names.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { Column } from './kind.ts';

/** The name of a driver, wherever it stands: a DNS subdomain of 63 characters, in which capitals are forgiven. */
export function driverNameProblems(name: string | undefined, field: string): readonly FieldError[] {
  if (name === undefined) {
    return [required(field)];
  }
  const problem = dnsSubdomainProblem(name.toLowerCase());
  return [
    ...(name.length > 63 ? [tooLong(field, 63)] : []),
    ...(problem === undefined ? [] : [invalid(field, name, problem)]),
  ];
}

const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const modes = ['Ephemeral', 'Persistent'];

function validateDriver(driver: KubeObject): readonly FieldError[] {
  const policy = textAt(driver, 'spec', 'fsGroupPolicy') ?? '';
  const strange = arrayAt(driver, 'spec', 'volumeLifecycleModes').filter((mode) => !modes.includes(show(mode)));
  return [
    ...driverNameProblems(driver.metadata.name, 'metadata.name'),
    ...(policies.includes(policy) ? [] : [unsupported('spec.fsGroupPolicy', policy, policies)]),
    ...strange.map((mode) => unsupported('spec.volumeLifecycleModes', mode, modes)),
  ];
}

/** Kubelets and the attach controller may have acted on these. */
function validateDriverUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  return ['attachRequired', 'volumeLifecycleModes'].flatMap((field) => {
    const [now, before] = [valueAt(next, 'spec', field), valueAt(previous, 'spec', field)];
    return sameJson(now, before) ? [] : [invalid(`spec.${field}`, now, 'field is immutable')];
  });
}

/** CSIDriver objects: stored with their defaults. */
export const csiDrivers = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  hasGeneration: true,
  unconditionalUpdate: false,
  returnsDeleted: true,
  schema: kindSchema({
    spec: object({
      attachRequired: truth,
      podInfoOnMount: truth,
      volumeLifecycleModes: list(text),
      storageCapacity: truth,
      fsGroupPolicy: text,
      tokenRequests: list(object({ audience: optionalText, expirationSeconds: { type: 'integer', format: 'int64' } })),
      requiresRepublish: truth,
      seLinuxMount: truth,
      nodeAllocatableUpdatePeriodSeconds: { type: 'integer', format: 'int64' },
    }),
  }),
  prepareCreate: (object) => ({
    ...object,
    spec: {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      seLinuxMount: false,
      volumeLifecycleModes: ['Persistent'],
      ...objectAt(object, 'spec'),
    },
  }),
  validate: validateDriver,
  validateUpdate: validateDriverUpdate,
  columns: () => [
    nameColumn,
    flag('AttachRequired', 'attachRequired'),
    flag('PodInfoOnMount', 'podInfoOnMount'),
    flag('StorageCapacity', 'storageCapacity'),
    column('TokenRequests', () => '<unset>'),
    flag('RequiresRepublish', 'requiresRepublish'),
    column('Modes', (object) => arrayAt(object, 'spec', 'volumeLifecycleModes').map(show).join(',')),
    ageColumn,
  ],
});

function flag(name: string, field: string): Column {
  return column(name, (object) => valueAt(object, 'spec', field) === true, { type: 'boolean' });
}

function validateNode(node: KubeObject): readonly FieldError[] {
  const drivers = arrayAt(node, 'spec', 'drivers');
  const names = drivers.map((driver) => textAt(driver, 'name'));
  return drivers.flatMap((driver, index) => {
    const at = `spec.drivers[${index}]`;
    const name = names[index];
    const nodeId = textAt(driver, 'nodeID');
    return [
      ...driverNameProblems(name, `${at}.name`),
      ...(name !== undefined && names.indexOf(name) < index ? [duplicate(`${at}.name`, name)] : []),
      ...(nodeId === undefined
        ? [required(`${at}.nodeID`)]
        : nodeId.length > 192
          ? [tooLong(`${at}.nodeID`, 192)]
          : []),
      ...countProblems(valueAt(driver, 'allocatable', 'count'), `${at}.allocatable.count`),
    ];
  });
}

const countProblems = (count: Json | undefined, field: string): readonly FieldError[] =>
  typeof count === 'number' && count < 0 ? [invalid(field, count, 'must be greater than or equal to 0')] : [];

/** A driver that a node has once keeps what it said of itself, until it is taken off. */
function validateNodeUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  const before = arrayAt(previous, 'spec', 'drivers');
  return arrayAt(next, 'spec', 'drivers').flatMap((driver, index) => {
    const old = before.find((each) => textAt(each, 'name') === textAt(driver, 'name'));
    const isChanged = old !== undefined && textAt(old, 'nodeID') !== textAt(driver, 'nodeID');
    return isChanged
      ? [invalid(`spec.drivers[${index}].nodeID`, textAt(driver, 'nodeID') ?? '', 'field is immutable')]
      : [];
  });
}

/** CSINode objects: on a real cluster kubelets write them as plugins register. */
export const csiNodes = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  returnsDeleted: true,
  unconditionalUpdate: false,
  schema: kindSchema({
    spec: object({
      drivers: keyedList(
        ['name'],
        object({ name: text, nodeID: text, topologyKeys: list(text), allocatable: object({ count: integer }) }),
      ),
    }),
  }),
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  columns: () => [
    nameColumn,
    column('Drivers', (node) => arrayAt(node, 'spec', 'drivers').length, { type: 'integer' }),
    ageColumn,
  ],
});

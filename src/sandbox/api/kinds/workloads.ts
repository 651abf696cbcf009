/**
 * Pods, StatefulSets and DaemonSets: stored, so that examples apply without error, but nothing runs them. There is no
 * scheduler and no kubelet here, so a pod stays Pending for ever, and the others make no pods.
 */
import { invalid, required } from '../errors.ts';
import { arrayAt, objectAt, show, textAt, valueAt } from '../json.ts';
import { keyedList, kindSchema, list, map, open, openObject, text, integer, condition } from '../schema/builders.ts';
import { namespacedFieldLabels } from '../selectors/fields.ts';
import { resourceId } from '../store/store.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';

/** Where pods are kept. */
export const podResource = resourceId('', 'pods');

const container = openObject({
  name: text,
  env: keyedList(['name'], open),
  ports: keyedList(['containerPort', 'protocol'], open),
  volumeMounts: keyedList(['mountPath'], open),
  volumeDevices: keyedList(['devicePath'], open),
});
const podSpec = openObject({
  nodeName: text,
  containers: keyedList(['name'], container),
  initContainers: keyedList(['name'], container),
  volumes: keyedList(['name'], open),
  imagePullSecrets: keyedList(['name'], open),
  hostAliases: keyedList(['ip'], open),
  topologySpreadConstraints: keyedList(['topologyKey', 'whenUnsatisfiable'], open),
});

const podTemplate = openObject({ metadata: openObject({ labels: map(text), annotations: map(text) }), spec: podSpec });

/** The names of the claims that a pod mounts. */
export function claimsOf(pod: KubeObject): readonly string[] {
  return arrayAt(pod, 'spec', 'volumes').flatMap(
    (volume) => textAt(volume, 'persistentVolumeClaim', 'claimName') ?? [],
  );
}

function preparePod(pod: KubeObject): KubeObject {
  const defaults: JsonObject = {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
    priority: 0,
    serviceAccountName: 'default',
    serviceAccount: 'default',
  };
  return {
    ...pod,
    spec: { ...defaults, ...objectAt(pod, 'spec') },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  };
}

function validateContainers(spec: JsonObject, field: string): readonly FieldError[] {
  const containers = arrayAt(spec, 'containers');
  return containers.length === 0
    ? [required(`${field}.containers`)]
    : containers.flatMap((one, index) =>
        ['name', 'image']
          .filter((wanted) => textAt(one, wanted) === undefined)
          .map((wanted) => required(`${field}.containers[${index}].${wanted}`)),
      );
}

const podReady = (pod: KubeObject): string => {
  const statuses = arrayAt(pod, 'status', 'containerStatuses').filter((one) => valueAt(one, 'ready') === true);
  return `${statuses.length}/${arrayAt(pod, 'spec', 'containers').length}`;
};

/** Pods, Pending for ever. One with a nodeName counts as using its claims. */
export const pods = defineKind({
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status'],
  returnsDeleted: true,
  schema: kindSchema({ spec: podSpec, status: openObject({ conditions: keyedList(['type'], condition) }) }),
  prepareCreate: preparePod,
  validate: (pod) => validateContainers(objectAt(pod, 'spec'), 'spec'),
  fieldLabels: new Map([
    ...namespacedFieldLabels,
    ...[
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
      'status.nominatedNodeName',
    ].map((path) => [path, (pod: KubeObject): string => textAt(pod, ...path.split('.')) ?? ''] as const),
  ]),
  columns: () => [
    nameColumn,
    column('Ready', podReady),
    column('Status', (pod) =>
      pod.metadata.deletionTimestamp === undefined ? (textAt(pod, 'status', 'phase') ?? '') : 'Terminating',
    ),
    column('Restarts', () => '0'),
    ageColumn,
    column('IP', (pod) => textAt(pod, 'status', 'podIP') ?? '<none>', { wide: true }),
    column('Node', (pod) => textAt(pod, 'spec', 'nodeName') ?? '<none>', { wide: true }),
    column('Nominated Node', () => '<none>', { wide: true }),
    column('Readiness Gates', () => '<none>', { wide: true }),
  ],
});

function prepareStatefulSet(set: KubeObject): KubeObject {
  const defaults: JsonObject = {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  };
  return { ...set, spec: { ...defaults, ...objectAt(set, 'spec') }, status: { replicas: 0, availableReplicas: 0 } };
}

function prepareDaemonSet(set: KubeObject): KubeObject {
  const defaults: JsonObject = {
    revisionHistoryLimit: 10,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
  };
  const status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  return { ...set, spec: { ...defaults, ...objectAt(set, 'spec') }, status };
}

/** The selector has to choose the pods of the template: nobody else could. */
function validateSelector(set: KubeObject): readonly FieldError[] {
  const wanted = Object.entries(objectAt(set, 'spec', 'selector', 'matchLabels'));
  const labels = objectAt(set, 'spec', 'template', 'metadata', 'labels');
  if (valueAt(set, 'spec', 'selector') === undefined) {
    return [required('spec.selector')];
  }
  return wanted.every(([key, value]) => labels[key] === value)
    ? []
    : [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
}

/** DaemonSets, without pods. */
export const daemonSets = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status'],
  hasGeneration: true,
  schema: kindSchema({
    spec: openObject({ selector: open, template: podTemplate, updateStrategy: open }),
    status: open,
  }),
  prepareCreate: prepareDaemonSet,
  validate: (set) => [
    ...validateSelector(set),
    ...validateContainers(objectAt(set, 'spec', 'template', 'spec'), 'spec.template.spec'),
  ],
  columns: () => [
    nameColumn,
    column('Desired', (set) => valueAt(set, 'status', 'desiredNumberScheduled') ?? 0, { type: 'integer' }),
    column('Ready', (set) => valueAt(set, 'status', 'numberReady') ?? 0, { type: 'integer' }),
    ageColumn,
  ],
});

const templateContainers = (set: KubeObject): readonly JsonObject[] =>
  arrayAt(set, 'spec', 'template', 'spec', 'containers') as readonly JsonObject[];

/** StatefulSets, without pods. */
export const statefulSets = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status'],
  hasGeneration: true,
  schema: kindSchema({
    spec: openObject({
      replicas: integer,
      selector: open,
      serviceName: text,
      template: podTemplate,
      volumeClaimTemplates: list(open),
    }),
    status: open,
  }),
  prepareCreate: prepareStatefulSet,
  validate: (set) => [
    ...(valueAt(set, 'spec', 'selector') === undefined ? [required('spec.selector')] : []),
    ...validateContainers(objectAt(set, 'spec', 'template', 'spec'), 'spec.template.spec'),
  ],
  columns: () => [
    nameColumn,
    column('Ready', (set) => `0/${show(valueAt(set, 'spec', 'replicas'))}`),
    ageColumn,
    column(
      'Containers',
      (set) =>
        templateContainers(set)
          .map((one) => textAt(one, 'name') ?? '')
          .join(','),
      { wide: true },
    ),
    column(
      'Images',
      (set) =>
        templateContainers(set)
          .map((one) => textAt(one, 'image') ?? '')
          .join(','),
      { wide: true },
    ),
  ],
});

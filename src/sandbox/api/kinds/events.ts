/** Events, stored once in the core form and seen through two doors: `v1` and `events.k8s.io/v1`. */
import { invalid, required } from '../errors.ts';
import { objectAt, textAt, valueAt } from '../json.ts';
import { integer, kindSchema, microTime, object, objectReference, text, time } from '../schema/builders.ts';
import { namespacedFieldLabels } from '../selectors/fields.ts';
import { resourceId } from '../store/store.ts';
import { ageOf, column, defineKind } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { KubeObject } from '../object.ts';
import type { Column } from './kind.ts';

/** Where events are kept, whichever door they came in by. */
export const eventResource = resourceId('', 'events');

const source = object({ component: text, host: text });
const shared = {
  eventTime: microTime,
  series: object({ count: integer, lastObservedTime: microTime, state: text }),
  action: text,
  reason: text,
  type: text,
  related: objectReference,
  reportingInstance: text,
};

const read =
  (...path: readonly string[]) =>
  (event: KubeObject): string =>
    textAt(event, ...path) ?? '';

const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

function validate(event: KubeObject): readonly FieldError[] {
  const about = objectAt(event, 'involvedObject');
  const namespace = textAt(about, 'namespace');
  const own = event.metadata.namespace;
  const misplaced = namespace === undefined ? own !== 'default' && own !== 'kube-system' : namespace !== own;
  return misplaced
    ? [invalid('involvedObject.namespace', namespace ?? '', 'does not match event.namespace')]
    : textAt(event, 'reason') === undefined && textAt(event, 'eventTime') !== undefined
      ? [required('reason')]
      : [];
}

const count = (event: KubeObject): number => {
  const times = valueAt(event, 'series', 'count') ?? valueAt(event, 'count');
  return typeof times === 'number' && times > 0 ? times : 1;
};
const firstSeen = (event: KubeObject): string | undefined =>
  textAt(event, 'firstTimestamp') ?? textAt(event, 'eventTime');
const lastSeen = (event: KubeObject): string | undefined =>
  textAt(event, 'series', 'lastObservedTime') ?? textAt(event, 'lastTimestamp') ?? firstSeen(event);
const about = (event: KubeObject): string =>
  `${read('involvedObject', 'kind')(event).toLowerCase()}/${read('involvedObject', 'name')(event)}`;

const columns: readonly Column[] = [
  column('Last Seen', (event, now) => ageOf(lastSeen(event), now)),
  column('Type', read('type')),
  column('Reason', read('reason')),
  column('Object', about),
  column('Subobject', read('involvedObject', 'fieldPath'), { wide: true }),
  column(
    'Source',
    (event) =>
      [
        ...new Set([
          read('source', 'component')(event) || read('reportingComponent')(event),
          read('source', 'host')(event) || read('reportingInstance')(event),
        ]),
      ]
        .filter((part) => part !== '')
        .join(', '),
    { wide: true },
  ),
  column('Message', (event) => read('message')(event).trim()),
  column('First Seen', (event, now) => ageOf(firstSeen(event), now), { wide: true }),
  column('Count', count, { wide: true, type: 'integer' }),
  column('Name', (event) => event.metadata.name, { wide: true }),
];

const common = {
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  createOnUpdate: true,
  validate,
  columns: () => columns,
} as const;

/** Events as the core has them, and as they are stored. */
export const events = defineKind({
  ...common,
  schema: kindSchema({
    ...shared,
    involvedObject: objectReference,
    message: text,
    source,
    firstTimestamp: time,
    lastTimestamp: time,
    count: integer,
    reportingComponent: text,
  }),
  fieldLabels: new Map([
    ...namespacedFieldLabels,
    ...involved.map((field) => [`involvedObject.${field}`, read('involvedObject', field)] as const),
    ['reason', read('reason')],
    [
      'reportingComponent',
      (event: KubeObject): string => read('reportingComponent')(event) || read('source', 'component')(event),
    ],
    ['source', (event: KubeObject): string => read('source', 'component')(event) || read('reportingComponent')(event)],
    ['type', read('type')],
  ]),
});

/** Core name -> name in events.k8s.io/v1; fields that are called the same in both are not listed. */
const renamed = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
] as const;

function rename(event: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject {
  const fields = Object.entries(event).map(([field, value]) => [names.get(field) ?? field, value] as const);
  return { ...(Object.fromEntries(fields) as KubeObject), apiVersion };
}

const outward = new Map<string, string>(renamed);
const inward = new Map<string, string>(renamed.map(([core, newer]) => [newer, core]));

/** The same events as events.k8s.io/v1 has them. */
export const newerEvents = defineKind({
  ...common,
  group: 'events.k8s.io',
  resource: eventResource,
  storageApiVersion: 'v1',
  schema: kindSchema({
    ...shared,
    regarding: objectReference,
    note: text,
    deprecatedSource: source,
    deprecatedFirstTimestamp: time,
    deprecatedLastTimestamp: time,
    deprecatedCount: integer,
    reportingController: text,
  }),
  fieldLabels: new Map([
    ...namespacedFieldLabels,
    ...involved.map((field) => [`regarding.${field}`, read('involvedObject', field)] as const),
    ['reason', read('reason')],
    ['reportingController', read('reportingComponent')],
    ['type', read('type')],
  ]),
  conversion: {
    fromStorage: (event) => rename(event, outward, 'events.k8s.io/v1'),
    toStorage: (event) => rename(event, inward, 'v1'),
  },
});

import { z } from 'zod';
import { defineResource, maybe, objectSchema, type Immutable } from '../resource.ts';

const involvedObject = z.object({
  apiVersion: maybe(z.string()),
  kind: maybe(z.string()),
  namespace: maybe(z.string()),
  name: maybe(z.string()),
  uid: maybe(z.string()),
  resourceVersion: maybe(z.string()),
});

const schema = objectSchema({
  involvedObject,
  type: maybe(z.string()),
  reason: maybe(z.string()),
  message: maybe(z.string()),
  count: maybe(z.number()),
  firstTimestamp: maybe(z.string()),
  lastTimestamp: maybe(z.string()),
  source: maybe(z.object({ component: maybe(z.string()), host: maybe(z.string()) })),
  reportingComponent: maybe(z.string()),
  reportingInstance: maybe(z.string()),
});

/** A core/v1 Event: the form that `kubectl describe` shows on every version. */
export type KubeEvent = Immutable<z.output<typeof schema>>;

export interface KubeEventBody {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly involvedObject: Partial<Immutable<z.output<typeof involvedObject>>>;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339, whole seconds. */
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
}

export const events = defineResource<KubeEvent, KubeEventBody>({
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
  schema,
});

import { createHash } from 'node:crypto';
import { wholeSecondTime } from './micro-time.ts';
import type { KubeObject, ResourceNames } from './resource.ts';
import { apiVersionOf } from './resource.ts';
import type { KubeEventBody } from './resources/event.ts';

/** The object that an event is about. */
export interface EventReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for objects that belong to the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** A reference to an object that was read from the API. */
export function referenceTo(resource: ResourceNames, object: KubeObject): EventReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const where = namespace === '' ? {} : { namespace };
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...where, name, uid, resourceVersion };
}

interface Content {
  readonly about: EventReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Times are wall-clock milliseconds. */
export interface Occurrence {
  readonly name: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
}

const component = 'brickyard';
/** What the newer events API allows; the older one would take more, but etcd should not have to. */
const longestMessage = 1_024;
/** A name may have 253 characters; dot and hash take 17. */
const longestStem = 236;

/** At most 1,024 bytes, cut between characters, with a mark where it was cut. */
export function shortened(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= longestMessage) {
    return message;
  }
  // Cutting inside of a character leaves U+FFFD at the end.
  const kept = bytes
    .subarray(0, longestMessage - 3)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  return `${kept}…`;
}

/** Different for everything that is said, by anybody, at any time; the same for the same occurrence. */
export function eventName({ about, type, reason, message }: Content, instance: string, firstAt: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([about.uid, type, reason, message, instance, firstAt]))
    .digest('hex');
  return `${about.name.slice(0, longestStem).replace(/[^a-z0-9]+$/, '')}.${hash.slice(0, 16)}`;
}

/** Where an event lives: with its object, or in `default` when that belongs to the whole cluster. */
export function eventNamespace(about: EventReference): string {
  return about.namespace === undefined || about.namespace === '' ? 'default' : about.namespace;
}

export function eventBody(content: Content, occurrence: Occurrence, instance: string): KubeEventBody {
  const { about, type, reason, message } = content;
  return {
    metadata: { name: occurrence.name, namespace: eventNamespace(about) },
    involvedObject: about,
    type,
    reason,
    message,
    count: occurrence.count,
    firstTimestamp: wholeSecondTime(occurrence.firstAt),
    lastTimestamp: wholeSecondTime(occurrence.lastAt),
    source: { component },
    reportingComponent: component,
    reportingInstance: instance,
  };
}

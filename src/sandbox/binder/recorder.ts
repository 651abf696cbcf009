import { timestamp } from '../api/object.ts';
import { ApiError } from '../api/errors.ts';
import type { ApiClient, Manifest } from '../api/client.ts';
import type { KubeObject } from '../api/object.ts';
import type { Clock } from '../../domain/clock.ts';

/** Writes events about claims and volumes, as kube-controller-manager signs them. Says the same thing once. */
export class Recorder {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  /** What was said last about each object, by uid and reason. */
  readonly #said = new Map<string, Map<string, string>>();
  #sequence = 0;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** `repeat`: say it again although it was the last thing said for this reason. */
  event(
    about: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options: { readonly repeat?: boolean; readonly component?: string } = {},
  ): void {
    const { name, namespace, uid = '', resourceVersion } = about.metadata;
    const said = this.#said.get(uid) ?? new Map<string, string>();
    this.#said.set(uid, said);
    if (said.get(reason) === message && options.repeat !== true) {
      return;
    }
    said.set(reason, message);
    this.#sequence += 1;
    const component = options.component ?? 'persistentvolume-controller';
    const now = timestamp(this.#clock.now());
    const suffix = (BigInt(this.#clock.now()) * 1_000_000n + BigInt(this.#sequence)).toString(16);
    this.#write({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${suffix}`, namespace: namespace ?? 'default' },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid,
        resourceVersion,
      },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component },
      reportingComponent: component,
    });
  }

  /** An event is told as well as can be: one that is refused (its namespace is going) holds nothing up. */
  #write(event: Manifest): void {
    try {
      this.#client.create(event);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
  }

  /** The object is gone: nothing needs to be remembered about it. */
  forget(uid: string | undefined): void {
    this.#said.delete(uid ?? '');
  }
}

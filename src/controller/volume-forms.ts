/** Knows which form the PersistentVolumes of a class get, and tells what is odd about it. */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { done, failed, type Outcome } from '../domain/outcome.ts';
import type { MountForm } from '../domain/parameter-table.ts';
import type { KubeApi } from '../kube/api.ts';
import { isForbidden, KubeError } from '../kube/errors.ts';
import { referenceTo } from '../kube/event-body.ts';
import { nodes, serverVersion, storageClasses, type StorageClass } from '../kube/resources.ts';
import { describeApiError } from './denied.ts';
import { eventReason, type Events } from './events.ts';
import { chooseForm, type ClusterVersions, type FormChoice, type VolumeForm } from './form-choice.ts';

export interface VolumeFormsDependencies {
  readonly api: Pick<KubeApi, 'pages' | 'request'>;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
}

/** Clusters are upgraded over hours; a burst of claims is one look. */
const keptMs = 300_000;
/** After a look that got no answer. */
const retryMs = 30_000;
/** Milliseconds for each call. */
const patience = 10_000;

const reasonOf = { mixed: eventReason.mixedKubelets, unseen: eventReason.kubeletsUnseen } as const;

/** In memory only: of the nodes nothing is kept but how many there are of each version. */
export class VolumeForms {
  readonly #deps: VolumeFormsDependencies;
  #known: { readonly choice: FormChoice; readonly until: number } | undefined;
  #looking: Promise<FormChoice> | undefined;
  /** What was said since it became so: the topic, and per class `topic uid`. */
  readonly #told = new Set<string>();

  constructor(deps: VolumeFormsDependencies) {
    this.#deps = deps;
  }

  /** What a class says counts; `auto` is decided by the versions. Rejects only when `signal` aborts. */
  async of(wanted: MountForm, storageClass: StorageClass, signal: AbortSignal): Promise<Outcome<VolumeForm>> {
    if (wanted !== 'auto') {
      return done(wanted);
    }
    try {
      const choice = await this.#choice(signal);
      this.#tell(choice, storageClass);
      return done(choice.form);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KubeError)) {
        throw error;
      }
      return failed(`the form of the PersistentVolume could not be decided: ${describeApiError(error)}`);
    }
  }

  async #choice(signal: AbortSignal): Promise<FormChoice> {
    if (this.#known !== undefined && this.#deps.clock.monotonic() < this.#known.until) {
      return this.#known.choice;
    }
    this.#looking ??= this.#lookOrKeep(signal).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** What was found last holds on when there is no answer: it is hardly ever otherwise. */
  async #lookOrKeep(signal: AbortSignal): Promise<FormChoice> {
    try {
      return await this.#look(signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof KubeError) || this.#known === undefined) {
        throw error;
      }
      this.#deps.log.warn({ err: error }, 'the versions of kubelets could not be read; what was found before holds on');
      this.#known = { ...this.#known, until: this.#deps.clock.monotonic() + retryMs };
      return this.#known.choice;
    }
  }

  async #look(signal: AbortSignal): Promise<FormChoice> {
    const { clock, log } = this.#deps;
    const versions = await this.#versions(signal);
    const choice = chooseForm(versions);
    if (this.#known?.choice.form !== choice.form) {
      const kubelets = versions.kubelets === undefined ? undefined : Object.fromEntries(versions.kubelets);
      log.info({ form: choice.form, server: versions.server, kubelets }, 'PersistentVolumes get this form by default');
    }
    if (this.#known?.choice.notice?.topic !== choice.notice?.topic) {
      this.#told.clear();
    }
    this.#known = { choice, until: clock.monotonic() + keptMs };
    return choice;
  }

  async #versions(signal: AbortSignal): Promise<ClusterVersions> {
    return {
      server: await this.#ifAllowed('the version of the API server', () => this.#server(signal)),
      kubelets: await this.#ifAllowed("the kubelets' versions", () => this.#kubelets(signal)),
    };
  }

  async #server(signal: AbortSignal): Promise<string> {
    const answer = await this.#deps.api.request({ method: 'GET', path: '/version', signal, timeoutMs: patience });
    const read = serverVersion.safeParse(answer);
    if (!read.success) {
      throw new KubeError('GET /version: expected gitVersion as text', { kind: 'protocol', cause: read.error });
    }
    return read.data.gitVersion;
  }

  /** Page by page, so that no cluster is too large. Throws (`isExpired`) when nodes changed too much meanwhile. */
  async #kubelets(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for await (const { items } of this.#deps.api.pages(nodes, { signal, timeoutMs: patience })) {
      // Until its kubelet has spoken, a node mounts nothing.
      for (const version of items.map(({ status }) => status.kubeletVersion).filter((each) => each !== '')) {
        counts.set(version, (counts.get(version) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** A right that is missing is no reason to keep claims waiting. */
  async #ifAllowed<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof KubeError) || !isForbidden(error)) {
        throw error;
      }
      this.#deps.log.warn({ reason: describeApiError(error) }, `${what} may not be read`);
      return undefined;
    }
  }

  /** Once in the log, and once on each class that goes by it, until it is otherwise. */
  #tell({ notice }: FormChoice, storageClass: StorageClass): void {
    if (notice === undefined) {
      return;
    }
    const { topic, message } = notice;
    if (this.#isNews(topic)) {
      this.#deps.log.warn({}, message);
    }
    if (this.#isNews(`${topic} ${storageClass.metadata.uid}`)) {
      const about = referenceTo(storageClasses, storageClass);
      this.#deps.events.record({ about, type: 'Warning', reason: reasonOf[topic], message });
    }
  }

  #isNews(thing: string): boolean {
    const isNew = !this.#told.has(thing);
    this.#told.add(thing);
    return isNew;
  }
}

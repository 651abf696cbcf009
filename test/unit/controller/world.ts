/** One claim, one class, an engine in memory and an API in a map: all that a reconciler sees, and what it did. */
import { decideClaim } from '../../../src/controller/claims.ts';
import type { Events } from '../../../src/controller/events.ts';
import type { VolumeForm } from '../../../src/controller/form-choice.ts';
import { ExpandReconciler } from '../../../src/controller/expand.ts';
import { InWork } from '../../../src/controller/in-work.ts';
import { LeftoverReconciler } from '../../../src/controller/leftovers.ts';
import type { AttemptResult, ControllerObserver } from '../../../src/controller/observer.ts';
import { silentObserver } from '../../../src/controller/observer.ts';
import { ProvisionReconciler } from '../../../src/controller/provision.ts';
import { buildPersistentVolume, persistentVolumeName } from '../../../src/controller/pv.ts';
import { ReleaseReconciler } from '../../../src/controller/release.ts';
import { Unsettled } from '../../../src/controller/unsettled.ts';
import { Verdicts } from '../../../src/controller/verdicts.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { volumeId, type VolumeId } from '../../../src/domain/names.ts';
import { done, rejected, type Outcome, type Setback } from '../../../src/domain/outcome.ts';
import { bytes, formatQuantity, type Bytes } from '../../../src/domain/quantity.ts';
import type { VolumeRecord, VolumeRequest } from '../../../src/domain/volume.ts';
import type { VolumeLocation } from '../../../src/engine/api.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../../../src/kube/resources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeApi } from './fake-api.ts';
import { claim, claimUid, provisioner, record, storageClass } from './objects.ts';

export const id: VolumeId = volumeId(claimUid);
export const claimKey = 'team-a/data';
export const claimName = { namespace: 'team-a', name: 'data' };
export const pvName = { name: persistentVolumeName(id) };

/** Keeps records as the real one does, without storage behind them. `next` holds setbacks to answer with first. */
class FakeEngine {
  readonly records = new Map<VolumeId, VolumeRecord>();
  readonly calls: string[] = [];
  readonly next: Record<'ensure' | 'confirm' | 'delete' | 'grow' | 'cancel', Setback[]> = {
    ensure: [],
    confirm: [],
    delete: [],
    grow: [],
    cancel: [],
  };
  /** Runs in the middle of ensureVolume and growVolume, with the record written. */
  during: () => void | Promise<void> = () => undefined;

  volume(wanted: VolumeId): VolumeRecord | undefined {
    return this.records.get(wanted);
  }

  async ensureVolume(request: VolumeRequest): Promise<Outcome<VolumeLocation>> {
    this.calls.push('ensure');
    const setback = this.next.ensure.shift();
    if (setback?.kind === 'rejected' || (setback?.kind === 'waiting' && setback.on.what === 'capacity')) {
      return setback;
    }
    const { owner, name } = request;
    const volume = this.records.get(request.id) ?? record({ id: request.id, name, owner });
    this.records.set(request.id, volume);
    await this.during();
    return setback ?? done({ volume, bricks: [] });
  }

  async confirmVolume(wanted: VolumeId): Promise<Outcome<void>> {
    this.calls.push('confirm');
    const setback = this.next.confirm.shift();
    const found = this.records.get(wanted);
    if (setback !== undefined || found === undefined || found.phase === 'deleting') {
      return setback ?? rejected('no such volume');
    }
    this.records.set(wanted, { ...found, phase: 'ready' });
    return done();
  }

  async growVolume(wanted: VolumeId, size: Bytes): Promise<Outcome<VolumeLocation>> {
    this.calls.push(`grow ${formatQuantity(size)}`);
    const setback = this.next.grow.shift();
    const found = this.records.get(wanted);
    if (found === undefined) {
      return rejected(`volume ${wanted} has no record`);
    }
    const nothingDone = setback?.kind === 'rejected' || (setback?.kind === 'waiting' && setback.on.what === 'capacity');
    if (!nothingDone) {
      this.records.set(wanted, { ...found, phase: 'growing', growth: { size, bricks: [], sets: [] } });
    }
    await this.during();
    return setback ?? this.#settle(found, Math.max(found.size, size));
  }

  async cancelGrowth(wanted: VolumeId): Promise<Outcome<VolumeLocation>> {
    this.calls.push('cancel');
    const setback = this.next.cancel.shift();
    const found = this.records.get(wanted);
    if (found === undefined) {
      return rejected(`volume ${wanted} has no record`);
    }
    return setback ?? this.#settle(found, this.kept ?? found.size);
  }

  /** Bytes that a volume has after its growth was given up, when that is more than before. */
  kept: number | undefined;

  #settle({ growth: _over, ...found }: VolumeRecord, size: number): Outcome<VolumeLocation> {
    const volume: VolumeRecord = { ...found, phase: 'ready', size: bytes(size) };
    this.records.set(volume.id, volume);
    return done({ volume, bricks: [] });
  }

  async deleteVolume(wanted: VolumeId, _signal: AbortSignal, name?: string): Promise<Outcome<void>> {
    this.calls.push(`delete ${name ?? ''}`);
    const setback = this.next.delete.shift();
    const found = this.records.get(wanted);
    if (setback !== undefined) {
      if (found !== undefined) {
        this.records.set(wanted, { ...found, phase: 'deleting' });
      }
      return setback;
    }
    this.records.delete(wanted);
    return done();
  }
}

/** An event, with the kind of what it is about. */
export interface Said {
  readonly kind: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export class World {
  readonly api = new FakeApi();
  readonly engine = new FakeEngine();
  readonly clock = new FakeClock();
  readonly abort = new AbortController();
  readonly events: Said[] = [];
  readonly attempts: string[] = [];
  readonly abandoned: VolumeId[] = [];
  freed = 0;
  /** What the caches say. They trail behind the API until `sync`. */
  cachedClaim: PersistentVolumeClaim | undefined;
  cachedVolume: PersistentVolume | undefined;
  classes: StorageClass[] = [storageClass()];
  /** Why the form of a PersistentVolume cannot be decided. */
  noForm: Setback | undefined;
  readonly verdicts = new Verdicts(this.clock);
  readonly unsettled = new Unsettled();
  readonly inWork = new InWork();
  readonly provision: ProvisionReconciler;
  readonly expand: ExpandReconciler;
  readonly release: ReleaseReconciler;
  readonly leftovers: LeftoverReconciler;

  readonly #shared: ConstructorParameters<typeof ProvisionReconciler>[0] &
    ConstructorParameters<typeof ExpandReconciler>[0] &
    ConstructorParameters<typeof ReleaseReconciler>[0] &
    ConstructorParameters<typeof LeftoverReconciler>[0];

  constructor() {
    const events: Events = {
      record: ({ about, ...said }) => void this.events.push({ kind: about.kind, ...said }),
    };
    const observed = (what: string) => (_class: string, result: AttemptResult) => {
      this.attempts.push(`${what} ${result}`);
    };
    const observer: ControllerObserver = {
      ...silentObserver,
      provisionFinished: observed('provision'),
      deleteFinished: observed('delete'),
      growFinished: observed('grow'),
    };
    this.#shared = {
      api: this.api,
      engine: this.engine,
      events,
      observer,
      clock: this.clock,
      log: silentLog,
      provisioner,
      namespace: 'brickyard',
      findClaim: (key: string) => (key === claimKey ? this.cachedClaim : undefined),
      findClass: (name: string) => this.classes.find((candidate) => candidate.metadata.name === name),
      findVolume: (name: string) => (name === pvName.name ? this.cachedVolume : undefined),
      forms: { of: async (wanted) => this.noForm ?? done(wanted === 'auto' ? 'glusterfs' : wanted) },
      inWork: this.inWork,
      verdicts: this.verdicts,
      unsettled: this.unsettled,
      abandon: (abandoned: VolumeId) => this.abandoned.push(abandoned),
      freed: () => {
        this.freed += 1;
      },
    };
    this.provision = new ProvisionReconciler(this.#shared);
    this.expand = new ExpandReconciler(this.#shared);
    this.release = new ReleaseReconciler(this.#shared);
    this.leftovers = new LeftoverReconciler(this.#shared);
  }

  /** A controller that starts anew on what there is: the caches are fresh, its memory is empty. */
  reborn(): { readonly expand: ExpandReconciler } {
    this.sync();
    return { expand: new ExpandReconciler(this.#shared) };
  }

  /** Puts the claim into API and cache. */
  static withClaim(subject: PersistentVolumeClaim = claim()): World {
    const world = new World();
    world.api.put(persistentVolumeClaims, { ...subject });
    world.sync();
    return world;
  }

  /** A claim that is bound to its volume of 5Gi, which stands and is ready. */
  static withBound(subject: PersistentVolumeClaim, options: { readonly form?: VolumeForm } = {}): World {
    const world = World.withClaim(subject);
    world.classes = [storageClass({ allowVolumeExpansion: true })];
    world.recorded('ready');
    const [allowing] = world.classes;
    if (allowing !== undefined) {
      const volume = record();
      const [form, namespace] = [options.form ?? 'glusterfs', 'brickyard'];
      const body = { claim: subject, storageClass: allowing, volume, provisioner, namespace, form };
      world.api.put(persistentVolumes, buildPersistentVolume(body));
    }
    world.sync();
    return world;
  }

  /** Changes the claim at the API as its author or the server does, and in the cache. */
  changeClaim(change: { readonly spec?: object; readonly status?: object; readonly metadata?: object }): void {
    const raw = structuredClone(this.api.raw(persistentVolumeClaims, claimName)) ?? { metadata: {} };
    const part = (name: 'metadata' | 'spec' | 'status') => ({ ...(raw[name] as object), ...change[name] });
    this.api.put(persistentVolumeClaims, {
      ...raw,
      metadata: part('metadata'),
      spec: part('spec'),
      status: part('status'),
    });
    this.sync();
  }

  /** Brings the caches to where the API is. */
  sync(): void {
    const rawClaim = this.api.raw(persistentVolumeClaims, claimName);
    const rawVolume = this.api.raw(persistentVolumes, pvName);
    this.cachedClaim = rawClaim === undefined ? undefined : persistentVolumeClaims.parse(structuredClone(rawClaim));
    this.cachedVolume = rawVolume === undefined ? undefined : persistentVolumes.parse(structuredClone(rawVolume));
  }

  /** Makes the engine have the claim's record in `phase`, as an earlier life left it. */
  recorded(phase: VolumeRecord['phase'], changes: Readonly<Record<string, unknown>> = {}): void {
    this.engine.records.set(id, record({ phase, ...changes }));
  }

  /** Changes the PersistentVolume at the API, and in the cache. */
  changeVolume(
    change: (raw: {
      metadata: Record<string, unknown>;
      spec: Record<string, unknown>;
      status: Record<string, unknown>;
    }) => void,
  ): void {
    const raw = structuredClone(this.api.raw(persistentVolumes, pvName)) as Record<string, unknown>;
    const whole = { status: {}, ...raw } as unknown as Parameters<typeof change>[0];
    change(whole);
    this.api.put(persistentVolumes, whole);
    this.sync();
  }

  /** The request that the claim of the cache makes. */
  request(): VolumeRequest {
    const decision = decideClaim(
      this.cachedClaim ?? claim(),
      (name) => this.classes.find((candidate) => candidate.metadata.name === name),
      provisioner,
    );
    if (decision.kind !== 'provision') {
      throw new Error(`not to be provisioned: ${JSON.stringify(decision)}`);
    }
    return decision.request;
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get reasons(): string[] {
    return this.events.map((event) => event.reason);
  }
}

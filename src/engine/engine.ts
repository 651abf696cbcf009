import { done, joinOutcomes, rejected, waiting, type Outcome, type Waiting } from '../domain/outcome.ts';
import type { VolumeId, VolumeName } from '../domain/names.ts';
import type { VolumeRecord, VolumeRequest } from '../domain/volume.ts';
import type { VolumeEngine, VolumeLocation } from './api.ts';
import { hasPaths } from './brick-match.ts';
import { askStatus } from './brick-states.ts';
import { Bricks } from './bricks.ts';
import { Calls } from './calls.ts';
import { CreateVolume } from './create-volume.ts';
import { deleteVolume, lookForStray } from './delete-volume.ts';
import { EngineDoctor } from './doctor/doctor.ts';
import { checkMeta, readDocuments } from './documents.ts';
import { growVolume } from './grow-volume.ts';
import { Lanes } from './lanes.ts';
import { Forecast } from './forecast.ts';
import { Ledger } from './ledger.ts';
import { NodeDirectory } from './node-directory.ts';
import { engineSettings, type EngineOptions } from './options.ts';
import { setPlacementState } from './placement-state.ts';
import type { NodeWatch } from './node-watch/api.ts';
import { EngineNodeWatch } from './node-watch/node-watch.ts';
import { Planner } from './planner.ts';
import { NodeHealth } from './node-health.ts';
import { Replanner } from './replan.ts';
import { needsSweep, sweepVolume } from './sweep.ts';
import { cancelGrowth } from './undo-growth.ts';
import { Topology } from './topology.ts';
import { VolumeRuns, type RunSignals } from './volume-runs.ts';
import type { VolumeWork } from './volume-work.ts';

/** Makes an engine; `open` starts it. Throws RangeError, naming the field, on a bound that makes no sense. */
export function createEngine(options: EngineOptions): VolumeEngine {
  const settings = engineSettings(options);
  const ledger = new Ledger(settings.store);
  const directory = new NodeDirectory();
  const lanes = new Lanes(settings.lanes, settings.observer);
  const health = new NodeHealth({
    clock: settings.clock,
    avoid: settings.patience.avoidNode,
    onChange: (id, hindrance) => {
      const node = directory.get(id);
      if (node !== undefined) {
        ledger.pool(node.cluster).hinder(id, hindrance);
      }
    },
  });
  const calls = new Calls({ settings, lanes, directory, health });
  const bricks = new Bricks(calls, directory);
  const planner = new Planner(ledger, settings.limits);
  return new Engine({ settings, ledger, directory, health, calls, bricks, planner });
}

const closing = 'the engine is closing';

/** Puts the parts together: who may work, on what, and in which words the answer is given. Holds no rules itself. */
class Engine implements VolumeEngine {
  readonly doctor: EngineDoctor;
  readonly nodeWatch: NodeWatch;
  readonly #work: VolumeWork;
  readonly #topology: Topology;
  readonly #create: CreateVolume;
  readonly #forecast: Forecast;
  readonly #runs: VolumeRuns<VolumeLocation, void>;
  #state: 'new' | 'open' | 'closed' = 'new';

  constructor(work: VolumeWork) {
    this.#work = work;
    this.#topology = new Topology(work);
    this.#create = new CreateVolume(work, new Replanner(work));
    this.#forecast = new Forecast(work);
    this.#runs = new VolumeRuns((volume, error) => {
      work.settings.log.error({ volume, err: error }, 'work on a volume threw');
    });
    const { watch, resolve } = work.settings;
    this.nodeWatch = new EngineNodeWatch({
      work,
      yielding: (id, signal, task) => this.#runs.yielding(id, signal, task),
      ...(watch === undefined ? {} : { options: watch }),
      ...(resolve === undefined ? {} : { resolve }),
    });
    this.doctor = new EngineDoctor({
      work,
      exclusively: (id, { stop }, task) => this.#runs.other(id, stop, task),
      isOpen: () => this.#state === 'open',
    });
  }

  async open(realm: string): Promise<void> {
    const { settings, ledger } = this.#work;
    const documents = await settings.store.open();
    try {
      const meta = checkMeta(documents, realm);
      if (meta !== undefined) {
        await settings.store.put(meta);
      }
    } catch (error) {
      await settings.store.close();
      throw error;
    }
    const contents = readDocuments(documents);
    this.#topology.load(contents.clusters, contents.nodes);
    ledger.load(contents);
    for (const { kind, id, problem } of contents.quarantined) {
      settings.log.error({ kind, id, problem }, 'a stored document is not legible; it is kept, and left alone');
    }
    this.#state = 'open';
  }

  async close(): Promise<void> {
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    await Promise.all([
      this.nodeWatch.stop(),
      this.#runs.stopAll(closing),
      this.#topology.close(closing),
      this.doctor.close(closing),
    ]);
    if (wasOpen) {
      await this.#work.settings.store.close();
    }
  }

  async ensureVolume(request: VolumeRequest, signal: AbortSignal): Promise<Outcome<VolumeLocation>> {
    return (
      this.#unable(request.id) ??
      this.#runs.ensure(request.id, signal, async (signals) => {
        const ensured = await this.#create.run(request, signals);
        return ensured.kind === 'done' ? done(this.#located(ensured.value)) : ensured;
      })
    );
  }

  async confirmVolume(id: VolumeId): Promise<Outcome<void>> {
    return this.#unable(id) ?? this.#runs.other(id, new AbortController().signal, () => this.#confirm(id));
  }

  async deleteVolume(id: VolumeId, signal: AbortSignal, name?: VolumeName): Promise<Outcome<void>> {
    return this.#unable(id) ?? this.#runs.delete(id, signal, (signals) => this.#delete(id, name, signals));
  }

  async growVolume(
    ...[id, size, signal, onProgress]: Parameters<VolumeEngine['growVolume']>
  ): ReturnType<VolumeEngine['growVolume']> {
    return this.#growth(id, signal, (signals) => growVolume(this.#work, id, size, signals, onProgress ?? ignore));
  }

  async cancelGrowth(
    ...[id, signal, onProgress]: Parameters<VolumeEngine['cancelGrowth']>
  ): ReturnType<VolumeEngine['cancelGrowth']> {
    this.#runs.stopYielding(id, 'its growth was given up');
    return this.#growth(id, signal, (signals) => cancelGrowth(this.#work, id, signals, onProgress ?? ignore));
  }

  async #growth(
    id: VolumeId,
    signal: AbortSignal,
    task: (signals: RunSignals) => Promise<Outcome<VolumeRecord>>,
  ): Promise<Outcome<VolumeLocation>> {
    return (
      this.#unable(id) ??
      this.#runs.yielding(id, signal, async (signals) => {
        const outcome = await task(signals);
        return outcome.kind === 'done' ? done(this.#located(outcome.value)) : outcome;
      })
    );
  }

  async sweep(signal: AbortSignal): Promise<Outcome<void>> {
    if (this.#state !== 'open') {
      return notOpen();
    }
    const swept = await Promise.all(
      this.volumes()
        .filter(needsSweep)
        .map(({ id }) => this.#runs.yielding(id, signal, (signals) => sweepVolume(this.#work, id, signals))),
    );
    const joined = joinOutcomes(swept);
    return joined.kind === 'done' ? done() : joined;
  }

  planVolume(request: VolumeRequest): ReturnType<VolumeEngine['planVolume']> {
    this.#work.health.refresh();
    return this.#work.planner.plan(request);
  }

  explainPlan(...[shape, clusters]: Parameters<VolumeEngine['explainPlan']>): ReturnType<VolumeEngine['explainPlan']> {
    return this.#forecast.plan(shape, clusters);
  }

  headroom(...[cluster, shape]: Parameters<VolumeEngine['headroom']>): ReturnType<VolumeEngine['headroom']> {
    return this.#forecast.headroom(cluster, shape);
  }

  forecastLoss(...[node, shapes]: Parameters<VolumeEngine['forecastLoss']>): ReturnType<VolumeEngine['forecastLoss']> {
    return this.#forecast.loss(node, shapes);
  }

  locate(record: VolumeRecord): VolumeLocation | undefined {
    return hasPaths(record) ? this.#located(record) : undefined;
  }

  async brickStates(id: VolumeId, signal: AbortSignal): Promise<Outcome<readonly boolean[] | undefined>> {
    const record = this.#work.ledger.volume(id);
    if (this.#state !== 'open' || record === undefined) {
      return record === undefined ? rejected(`volume ${id} has no record`) : notOpen();
    }
    const account = { signals: { stop: signal, abort: signal }, turn: '', seed: id };
    const asked = await askStatus(this.#work, record, account);
    if (asked.kind !== 'done' || asked.value === undefined) {
      return asked.kind === 'done' ? done(undefined) : asked;
    }
    const states = new Map(asked.value.map(({ host, path, online }) => [`${host}:${path}`, online]));
    return done(this.#located(record).bricks.map((address) => states.get(address) === true));
  }

  volume(id: VolumeId): VolumeRecord | undefined {
    return this.#work.ledger.volume(id);
  }

  volumes(): readonly VolumeRecord[] {
    return this.#work.ledger.volumes();
  }

  quarantined(): ReturnType<VolumeEngine['quarantined']> {
    return this.#work.ledger.quarantined();
  }

  clusters(): ReturnType<VolumeEngine['clusters']> {
    return this.#topology.clusters();
  }

  nodes(...[cluster]: Parameters<VolumeEngine['nodes']>): ReturnType<VolumeEngine['nodes']> {
    return this.#work.directory.list(cluster);
  }

  usage(): ReturnType<VolumeEngine['usage']> {
    this.#work.health.refresh();
    return this.#topology.usage();
  }

  onTopologyChange(listener: () => void): () => void {
    return this.#topology.onChange(listener);
  }

  planTopology(...[desired]: Parameters<VolumeEngine['planTopology']>): ReturnType<VolumeEngine['planTopology']> {
    return this.#topology.plan(desired);
  }

  async applyTopology(
    ...[desired, options]: Parameters<VolumeEngine['applyTopology']>
  ): ReturnType<VolumeEngine['applyTopology']> {
    return this.#state === 'open' ? this.#topology.apply(desired, options) : notOpen();
  }

  async setPlacementState(
    ...[target, state]: Parameters<VolumeEngine['setPlacementState']>
  ): ReturnType<VolumeEngine['setPlacementState']> {
    return this.#state === 'open' ? setPlacementState(this.#topology, target, state) : notOpen();
  }

  /** Why nothing can be done about the volume now. `undefined`: nothing is in the way. */
  #unable(id: VolumeId): Waiting | undefined {
    if (this.#state !== 'open') {
      return notOpen();
    }
    const quarantined = this.#work.ledger.quarantinedVolume(id);
    if (quarantined === undefined) {
      return undefined;
    }
    const reason = `the record of volume ${id} is not legible (${quarantined.problem}); it was left as it is`;
    return waiting({ what: 'condition', name: 'record' }, reason);
  }

  async #confirm(id: VolumeId): Promise<Outcome<void>> {
    const { ledger } = this.#work;
    const record = ledger.volume(id);
    switch (record?.phase) {
      case undefined:
        return rejected(`volume ${id} has no record`);
      case 'deleting':
        return rejected(`volume ${id} is being deleted`);
      case 'creating':
        return ledger.update({ ...record, phase: 'ready' });
      case 'ready':
      case 'growing':
        return ledger.settle(id);
    }
  }

  async #delete(id: VolumeId, name: VolumeName | undefined, signals: RunSignals): Promise<Outcome<void>> {
    const record = this.#work.ledger.volume(id);
    if (record !== undefined) {
      return deleteVolume(this.#work, record, signals);
    }
    return name === undefined ? done() : lookForStray(this.#work, name, { signals, turn: '', seed: id });
  }

  #located(record: VolumeRecord): VolumeLocation {
    const bricks = record.brickSets.flat().map(({ node, path }) => {
      const host = this.#work.directory.get(node)?.storage ?? node;
      return `${host}:${path ?? ''}`;
    });
    return { volume: record, bricks };
  }
}

function ignore(): void {
  // Nobody asked to be told.
}

function notOpen(): Waiting {
  return waiting({ what: 'condition', name: 'engine' }, 'the engine is not open');
}

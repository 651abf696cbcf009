/** What a node that has come back needs, so that a reboot needs nobody: its bricks mounted, then their processes started. */
import type { DeviceName, VolumeId } from '../../domain/names.ts';
import { done, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRecord } from '../../domain/topology.ts';
import type { VolumeRecord } from '../../domain/volume.ts';
import type { Account } from '../calls.ts';
import { stopped, type RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';

export interface RestoreParts {
  readonly work: VolumeWork;
  /** Runs work on a volume in its lane; a delete of the volume stops it and comes after it. */
  readonly yielding: (
    id: VolumeId,
    signal: AbortSignal,
    task: (signals: RunSignals) => Promise<Outcome<void>>,
  ) => Promise<Outcome<void>>;
  /** Milliseconds for one verb. */
  readonly deadline: number;
  readonly stop: AbortSignal;
  /** What gluster said last of each volume: shared, so that nodes that come back together ask once. */
  readonly said: Map<VolumeId, Said>;
}

/** Hosts of which every brick of a volume ran. `at`: monotonic milliseconds. */
interface Said {
  readonly at: number;
  readonly online: ReadonlySet<string>;
}

/** Doors behind which the doctor's questions wait too: nobody's namespace waits for them. */
const accountFor = (signals: RunSignals, seed: string): Account => ({ signals, turn: '', seed });

/**
 * One node's return. Devices first, one after another: a brick process finds nothing to serve before its brick is mounted.
 * Then its volumes, one after another, each in its own lane: gluster is asked which bricks run, and told to start those
 * that do not. What could not be done stays, and is tried again by the next `carryOn`.
 */
export class NodeReturn {
  readonly #parts: RestoreParts;
  readonly #devices = new Set<DeviceName>();
  /** `undefined`: still to be found out. */
  #volumes: Set<VolumeId> | undefined = new Set();
  #setback: Setback | undefined;
  #begun = 0;
  #running: Promise<void> | undefined;

  constructor(parts: RestoreParts) {
    this.#parts = parts;
  }

  /** Why something is still to be done, as far as it was tried. */
  get setback(): Setback | undefined {
    return this.#setback;
  }

  get isDone(): boolean {
    return this.#running === undefined && this.#devices.size === 0 && this.#volumes?.size === 0;
  }

  /** Everything that is on these devices, and their volumes, has to be looked at. */
  begin(devices: readonly DeviceName[]): void {
    for (const device of devices) {
      this.#devices.add(device);
    }
    this.#volumes = undefined;
    this.#begun = this.#parts.work.settings.clock.monotonic();
  }

  /**
   * Does what can be done now, unless it is being done already. `isMember`: gluster may be asked about the node. Never
   * rejects.
   */
  carryOn(node: NodeRecord, isMember: boolean): Promise<void> {
    if (!this.isDone && this.#running === undefined) {
      this.#running = this.#carryOn(node, isMember)
        .catch((error: unknown) => {
          this.#parts.work.settings.log.error({ node: node.id, err: error }, 'restoring a node threw');
        })
        .finally(() => {
          this.#running = undefined;
        });
    }
    return this.#running ?? Promise.resolve();
  }

  /** When nothing of it runs. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #carryOn(node: NodeRecord, isMember: boolean): Promise<void> {
    this.#setback = undefined;
    let mayStart = isMember;
    for (const device of this.#devices) {
      mayStart = (await this.#mount(node, device)) === 'go on' && mayStart;
    }
    if (!mayStart || this.#parts.stop.aborted) {
      return;
    }
    // By id, so that two nodes that have come back together take the same volumes at about the same time.
    const volumes = (this.#volumes ??= new Set(volumesOn(this.#parts.work, node)));
    for (const id of volumes) {
      if (this.#parts.stop.aborted || (await this.#start(node, id, volumes)) === 'stop') {
        return;
      }
    }
  }

  /** `stop`: nothing is known of the device's bricks yet, so no process of theirs is to be started. */
  async #mount(node: NodeRecord, device: DeviceName): Promise<'go on' | 'stop'> {
    const { calls, settings } = this.#parts.work;
    const outcome = await this.#limited((signals) =>
      calls.onNode(node, 'restore', accountFor(signals, node.id), (nodes, context) =>
        nodes.restoreBricks(node, device, context),
      ),
    );
    if (outcome.kind === 'done') {
      this.#devices.delete(device);
      if (outcome.value.length > 0) {
        settings.log.info({ node: node.id, device, bricks: outcome.value.length }, 'bricks were mounted again');
        // Where an earlier try could not mount them all, their volumes were looked at without them.
        this.#volumes = undefined;
      }
      return 'go on';
    }
    if (outcome.kind === 'waiting' && outcome.on.what === 'condition' && !this.#parts.stop.aborted) {
      // Not prepared, or not there: the device has that problem, and is taken up again when it has it no more.
      this.#devices.delete(device);
      return 'go on';
    }
    this.#setback = outcome;
    // One brick that cannot be mounted is tried again, and does not keep the volumes of all others down.
    return outcome.kind === 'failed' || outcome.kind === 'rejected' ? 'go on' : 'stop';
  }

  /** `stop`: the others would not fare better now. */
  async #start(node: NodeRecord, id: VolumeId, volumes: Set<VolumeId>): Promise<'go on' | 'stop'> {
    const outcome = await this.#limited((limit) =>
      this.#parts.yielding(id, limit.abort, (signals) => this.#startBricks(node, id, signals)),
    );
    volumes.delete(id);
    if (outcome.kind === 'done') {
      return 'go on';
    }
    const { log } = this.#parts.work.settings;
    const record = this.#parts.work.ledger.volume(id);
    if (record === undefined || record.phase === 'deleting') {
      return 'go on';
    }
    if (outcome.kind === 'rejected') {
      log.warn({ node: node.id, volume: record.name, reason: outcome.reason }, 'bricks could not be started again');
      return 'go on';
    }
    // To the end: one sick volume does not hold up the rest for ever.
    volumes.add(id);
    this.#setback = outcome;
    return 'stop';
  }

  /** Asks first: most volumes need nothing, and a start takes the volume's lock in gluster. */
  async #startBricks(node: NodeRecord, id: VolumeId, signals: RunSignals): Promise<Outcome<void>> {
    const { work, said } = this.#parts;
    const record = work.ledger.volume(id);
    // Another node that came back may have asked while this one stood in the volume's lane.
    const known = said.get(id);
    if (
      record === undefined ||
      record.phase === 'deleting' ||
      (known !== undefined && known.at >= this.#begun && known.online.has(node.storage))
    ) {
      return done();
    }
    return work.calls.inCluster(record.cluster, accountFor(signals, id), async (gluster) => {
      const status = await gluster.run('look', (nodes, context, via) => nodes.volumeStatus(via, record.name, context));
      if (status.kind !== 'done') {
        return status;
      }
      const bricks = status.value ?? [];
      const offline = new Set(bricks.filter(({ online }) => !online).map(({ host }) => host));
      const online = new Set(bricks.map(({ host }) => host).filter((host) => !offline.has(host)));
      said.set(id, { at: work.settings.clock.monotonic(), online });
      if (!offline.has(node.storage)) {
        return done();
      }
      const started = await gluster.run('restore', (nodes, context, via) =>
        nodes.restartBricks(via, record.name, context),
      );
      if (started.kind === 'done') {
        work.settings.log.info({ node: node.id, volume: record.name }, 'bricks were started again');
      }
      // Not started at all: then there is nothing to start again.
      return started.kind === 'waiting' && started.on.what === 'condition' ? done() : started;
    });
  }

  /** With signals that fire when the watch stops, or after the deadline. */
  async #limited<T>(task: (signals: RunSignals) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const { work, deadline, stop } = this.#parts;
    const late = new AbortController();
    const ended = new AbortController();
    void work.settings.clock.sleep(deadline, ended.signal).then(
      () => late.abort(`no answer within ${deadline / 1000} s`),
      () => undefined,
    );
    const signal = AbortSignal.any([stop, late.signal]);
    try {
      return signal.aborted ? stopped({ stop: signal, abort: signal }) : await task({ stop: signal, abort: signal });
    } finally {
      ended.abort();
    }
  }
}

function volumesOn({ ledger }: VolumeWork, node: NodeRecord): readonly VolumeId[] {
  return ledger
    .volumes()
    .filter((record) => record.phase !== 'deleting' && hasBrickOn(record, node))
    .map(({ id }) => id)
    .sort();
}

const hasBrickOn = ({ brickSets, growth }: VolumeRecord, { id }: NodeRecord): boolean =>
  [...brickSets, ...(growth?.sets ?? [])].flat().some(({ node }) => node === id);

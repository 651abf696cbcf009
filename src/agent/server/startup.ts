/**
 * What an agent does before it says that it is ready. After a reboot nothing mounts the bricks but this, and glusterd, which
 * started before they were there, could not start their processes.
 *
 *     restoring --every device tried--> bricks --glusterd answers, every volume looked at--> ready
 *
 * restoring: no operations are taken, so that none meets a brick that stands and is not mounted.
 * bricks:    operations are taken. Without glusterd the agent stays here: it can still say so, and make bricks.
 */
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { volumeName, type BrickId, type DeviceName, type VolumeName } from '../../domain/names.ts';
import { waitsFor, type Outcome } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import { deviceUnprepared, type CallContext, type StorageNodes } from '../../engine/ports.ts';

export interface StartupOptions {
  readonly node: NodeRef;
  readonly devices: readonly DeviceName[];
  readonly nodes: StorageNodes;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds between two tries of what did not work. */
  readonly retryMs: number;
}

/** Volumes that are looked at side by side. */
const atOnce = 4;

export class Startup {
  readonly #options: StartupOptions;
  /** By what it is about: a device, a volume, gluster. */
  readonly #problems = new Map<string, string>();
  #stage: 'restoring' | 'bricks' | 'ready' = 'restoring';

  constructor(options: StartupOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#stage === 'ready';
  }

  /** Whether the bricks of every device that works are mounted. */
  get restored(): boolean {
    return this.#stage !== 'restoring';
  }

  /** What is missing until it is ready, and what did not work. */
  get reasons(): readonly string[] {
    const stage = { restoring: ['bricks are being mounted'], bricks: ['waiting for glusterd'], ready: [] };
    return [...stage[this.#stage], ...this.#problems.values()];
  }

  /** Runs until everything is done, what did not work included, or `signal` fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, devices, clock, retryMs } = this.#options;
    const context = { signal };
    let missing = await this.#restore(devices, context);
    this.#stage = 'bricks';
    log.info({ devices, missing }, 'bricks are mounted');
    let bricks = await this.#standing(context);
    let volumes = await this.#volumesOf(bricks, context);
    while (!signal.aborted) {
      if (volumes !== undefined) {
        volumes = await this.#startBricks(volumes, bricks, context);
        this.#becomeReady();
      }
      if (volumes?.length === 0 && missing.length === 0) {
        return;
      }
      await clock.sleep(retryMs, signal).catch(() => undefined);
      const before = missing.length;
      missing = before === 0 ? missing : await this.#restore(missing, context);
      if (volumes === undefined || missing.length < before) {
        bricks = await this.#standing(context);
        volumes = await this.#volumesOf(bricks, context);
      }
    }
  }

  #becomeReady(): void {
    if (!this.ready) {
      this.#stage = 'ready';
      this.#options.log.info({ problems: [...this.#problems.values()] }, 'the agent is ready');
    }
  }

  /** Those of `devices` that it has to be tried for again. */
  async #restore(devices: readonly DeviceName[], context: CallContext): Promise<readonly DeviceName[]> {
    const { nodes, node, log } = this.#options;
    const missing: DeviceName[] = [];
    // One after another: the disks of a node that was just started are busy as it is.
    for (const device of devices) {
      const outcome = await nodes.restoreBricks(node, device, context);
      if (waitsFor(outcome, deviceUnprepared)) {
        log.info({ device }, 'the device is not prepared yet: there are no bricks on it');
      } else if (this.#note(device, outcome)) {
        log.info({ device, mounted: outcome.value }, 'bricks of a device are mounted');
      } else {
        missing.push(device);
      }
    }
    return missing;
  }

  /** Bricks of all devices that can be read. One that cannot has its problem noted already. */
  async #standing(context: CallContext): Promise<ReadonlySet<BrickId>> {
    const { nodes, node, devices } = this.#options;
    const bricks = new Set<BrickId>();
    for (const device of devices) {
      const listed = await nodes.listBricks(node, device, context);
      for (const { id } of listed.kind === 'done' ? listed.value : []) {
        bricks.add(id);
      }
    }
    return bricks;
  }

  /** Gluster's volumes that bricks of ours belong to. `undefined`: it does not answer. */
  async #volumesOf(bricks: ReadonlySet<BrickId>, context: CallContext): Promise<readonly VolumeName[] | undefined> {
    const { nodes, node } = this.#options;
    const listed = await nodes.listVolumes(node, context);
    return this.#note('gluster', listed) ? namesOf(bricks, listed.value) : undefined;
  }

  /** Those of `names` that it has to be tried for again. */
  async #startBricks(
    names: readonly VolumeName[],
    bricks: ReadonlySet<BrickId>,
    context: CallContext,
  ): Promise<readonly VolumeName[]> {
    const again: VolumeName[] = [];
    for (let first = 0; first < names.length && !context.signal.aborted; first += atOnce) {
      await Promise.all(
        names.slice(first, first + atOnce).map(async (name) => {
          if (!(await this.#startBricksOf(name, bricks, context))) {
            again.push(name);
          }
        }),
      );
    }
    return again;
  }

  /** Disturbs gluster only where it has to: to start a volume's bricks locks the volume in the whole pool. */
  async #startBricksOf(name: VolumeName, bricks: ReadonlySet<BrickId>, context: CallContext): Promise<boolean> {
    const { nodes, node, log } = this.#options;
    const status = await nodes.volumeStatus(node, name, context);
    if (!this.#note(name, status)) {
      return false;
    }
    const down = (status.value ?? []).filter(({ path, online }) => !online && holdsOneOf(path, bricks));
    if (down.length === 0) {
      return true;
    }
    const restarted = await nodes.restartBricks(node, name, context);
    if (!this.#note(name, restarted)) {
      return false;
    }
    log.info({ volume: name, bricks: down.map(({ path }) => path) }, 'brick processes were started');
    return true;
  }

  /** Remembers what did not work until it does. */
  #note<T>(about: string, outcome: Outcome<T>): outcome is Extract<Outcome<T>, { kind: 'done' }> {
    if (outcome.kind === 'done') {
      this.#problems.delete(about);
      return true;
    }
    if (this.#problems.get(about) !== outcome.reason) {
      this.#options.log.warn({ about, outcome: outcome.kind }, outcome.reason);
    }
    this.#problems.set(about, outcome.reason);
    return false;
  }
}

/** The names that end in the id of a volume that one of the bricks belongs to: what stands before it is the class's choice. */
function namesOf(bricks: ReadonlySet<BrickId>, names: readonly string[]): readonly VolumeName[] {
  const ids = new Set([...bricks].map((id) => id.slice(0, uuidLength)));
  return names.filter((name) => ids.has(name.slice(-uuidLength))).map((name) => volumeName(name));
}

const uuidLength = 36;

function holdsOneOf(path: string, bricks: ReadonlySet<BrickId>): boolean {
  return path.split('/').some((segment) => bricks.has(segment as BrickId));
}

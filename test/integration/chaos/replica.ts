/** One replica of the controller as `brickyard serve` puts it together, but for its sockets: it can be killed at any moment. */
import type { Clock, Random } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { completeConfig, configSchema, type Config } from '../../../src/cli/config/schema.ts';
import { createMetrics } from '../../../src/cli/metrics/metrics.ts';
import { standForElection, type Leadership } from '../../../src/cli/serve/leadership.ts';
import { Status } from '../../../src/cli/serve/status.ts';
import { startWork, type Work } from '../../../src/cli/serve/work.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { DirectKubeApi, type DirectKubeOptions } from './direct-kube.ts';

export interface ReplicaOptions extends DirectKubeOptions {
  readonly random: Random;
  readonly runner: CommandRunner;
}

const config: Config = completeConfig(
  configSchema.parse({
    store: { kind: 'kubernetes' },
    nodes: { kind: 'simulated' },
    watch: { interval: '60s' },
    limits: { minBrickSize: '1Gi' },
  }),
);

/** A process' clients: all of them die with it. */
class ProcessKube extends DirectKubeApi {
  withBucket(): this {
    return this;
  }

  isolated(): this {
    return this;
  }

  async close(): Promise<void> {
    // There is no connection.
  }
}

export class Replica {
  readonly #kube: ProcessKube;
  readonly #leadership: Leadership;
  readonly #clock: Clock;
  #work: Work | undefined;
  #killed = false;
  #ending: Promise<void> | undefined;

  constructor(options: ReplicaOptions) {
    const { clock, random, runner } = options;
    this.#clock = clock;
    this.#kube = new ProcessKube(options);
    const shared = { config, clock, random, log: silentLog, kube: this.#kube };
    const status = new Status();
    const metrics = createMetrics({
      version: 'test',
      clock,
      leading: () => this.leads,
      engine: () => this.engine,
      controller: () => this.#work?.controller(),
    });
    const nodes = createCommandStorageNodes({ runner: this.#mortal(runner) });
    const access = { nodes, opened: async () => undefined, close: () => undefined };
    this.#leadership = standForElection({
      ...shared,
      onElected: () => {
        this.#work = startWork({
          ...shared,
          openNodes: async () => access,
          metrics,
          status,
          leading: () => this.#leadership.leading(),
        });
        this.#work.failed.catch(() => this.stop());
      },
      onLost: () => void this.stop(),
    });
  }

  get leads(): boolean {
    return !this.#killed && this.#leadership.leading();
  }

  get engine(): VolumeEngine | undefined {
    return this.#work?.engine();
  }

  /** Its process is over, or on its way there: somebody has to start another one. */
  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** SIGKILL: from now on nothing of it has an effect on anything. */
  kill(): Promise<void> {
    this.#killed = true;
    this.#kube.kill();
    this.#ending = this.#end(AbortSignal.abort(new Error('killed')));
    return this.#ending;
  }

  /** SIGTERM, and what a process does that has lost the lease: running steps have twenty seconds. */
  stop(): Promise<void> {
    this.#ending ??= this.#stopInTime();
    return this.#ending;
  }

  async #stopInTime(): Promise<void> {
    const grace = new AbortController();
    const over = new AbortController();
    void this.#clock.sleep(config.shutdownGrace, over.signal).then(
      () => grace.abort(new Error('the grace period is over')),
      () => undefined,
    );
    await this.#end(grace.signal);
    over.abort();
  }

  async #end(abort: AbortSignal): Promise<void> {
    await this.#work?.stop(abort).catch(() => undefined);
    await this.#leadership.release().catch(() => undefined);
  }

  /** A command that is on a node already runs to its end there; a dead process sends no more. */
  #mortal(runner: CommandRunner): CommandRunner {
    return {
      run: async (node, command, context) =>
        this.#killed
          ? { kind: 'not-started', cause: 'aborted', reason: 'the process was killed' }
          : runner.run(node, command, context),
    };
  }
}

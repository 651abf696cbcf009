/** A Kubernetes cluster, storage nodes and two replicas of the controller, all on one clock that the test turns. */
import { recordDefinitions } from '../../../src/store/kubernetes/crds.ts';
import { createSimulation, type Simulation } from '../../../src/gluster/simulated/simulation.ts';
import type { Manifest } from '../../../src/sandbox/api/client.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { mulberry32 } from '../../support/random.ts';
import { disk, nodeSpecs } from '../../support/simulated-cluster.ts';
import { startControlPlane, type ControlPlane, type Mishap } from './direct-kube.ts';
import { Replica } from './replica.ts';

export const nodeCount = 6;
const namespace = 'brickyard';
export const classes = {
  mirrored: { volumetype: 'replicate:3' },
  frugal: { volumetype: 'arbiter' },
  coded: { volumetype: 'disperse:4:2' },
} as const;

/** A place for one replica: it is started anew some time after it has ended, as a Deployment does. */
interface Slot {
  replica: Replica | undefined;
  /** Monotonic; meaningful while there is no replica. */
  restartAt: number;
  /** It cannot reach the API. */
  isCut: boolean;
}

export class World {
  readonly clock = new FakeClock();
  readonly random: () => number;
  readonly plane: ControlPlane;
  readonly simulation: Simulation;
  readonly #slots: Slot[];
  /** Nobody reaches the API. */
  apiDown = false;
  /** The chance that a call to the API goes wrong. */
  apiTrouble = 0;

  constructor(seed: number) {
    this.random = mulberry32(seed);
    this.plane = startControlPlane(this.clock, mulberry32(seed + 1));
    const nodes = nodeSpecs(nodeCount, 80);
    this.simulation = createSimulation({ nodes, clock: this.clock, random: mulberry32(seed + 2), latency: 'measured' });
    this.#slots = [0, 1].map(() => ({ replica: undefined, restartAt: 0, isCut: false }));
  }

  /** Definitions, classes, nodes; then the replicas. */
  async open(): Promise<void> {
    for (const definition of recordDefinitions().values()) {
      this.plane.api.create(definition as Manifest);
    }
    for (const name of [namespace, 'red', 'green', 'blue']) {
      this.plane.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    for (const name of Object.keys(classes)) {
      this.createClass(name as keyof typeof classes);
    }
    await this.clock.advance(1_000);
    for (const [index, { id, manage, storage }] of nodeSpecs(nodeCount).entries()) {
      this.plane.api.create({
        apiVersion: 'brickyard.dev/v1alpha1',
        kind: 'GlusterNode',
        metadata: { name: id },
        spec: { cluster: 'main', zone: `z${index % 3}`, manage, storage, devices: [{ name: disk }] },
      });
    }
    this.startReplicas();
  }

  createClass(name: keyof typeof classes): void {
    this.plane.api.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'brickyard.dev/glusterfs',
      allowVolumeExpansion: true,
      parameters: classes[name],
    });
  }

  /** Replicas whose processes run, be they on their way out. */
  get replicas(): readonly Replica[] {
    return this.#slots.flatMap(({ replica }) => replica ?? []);
  }

  get leader(): Replica | undefined {
    return this.replicas.find(({ leads }) => leads);
  }

  /** Starts those that are due, and notes those that have ended by themselves. */
  startReplicas(): void {
    const now = this.clock.monotonic();
    for (const slot of this.#slots) {
      if (slot.replica?.ended === true) {
        slot.replica = undefined;
        slot.restartAt = now + 20_000;
      }
      if (slot.replica === undefined && slot.restartAt <= now) {
        slot.replica = new Replica({
          plane: this.plane,
          clock: this.clock,
          random: mulberry32(this.#number()),
          runner: this.simulation.runner,
          latency: () => 5 + 20 * this.random(),
          mishap: (write) => this.#mishap(slot, write),
        });
      }
    }
  }

  /** Ends the leader by signal; its process goes on to the end of that by itself. */
  end(how: 'kill' | 'stop'): void {
    const { leader } = this;
    if (leader !== undefined) {
      void leader[how]();
    }
  }

  /** The leader alone loses the API. Returns what heals that. */
  cutLeader(): () => void {
    const slot = this.#slots.find(({ replica }) => replica?.leads === true);
    if (slot !== undefined) {
      slot.isCut = true;
    }
    return () => {
      if (slot !== undefined) {
        slot.isCut = false;
      }
    };
  }

  async close(): Promise<void> {
    const { replicas } = this;
    const over = new AbortController();
    void Promise.all(replicas.map((replica) => replica.kill())).then(() => {
      over.abort();
      return undefined;
    });
    while (!over.signal.aborted) {
      await this.clock.advance(1_000);
    }
    this.plane.close();
  }

  #number(): number {
    return Math.floor(this.random() * 2 ** 31);
  }

  #mishap({ isCut }: Slot, write: boolean): Mishap | undefined {
    if (this.apiDown || isCut) {
      return { kind: 'unsent' };
    }
    if (this.random() >= this.apiTrouble) {
      return undefined;
    }
    const dice = this.random();
    if (dice < 0.4) {
      return { kind: 'refused', code: dice < 0.1 ? 429 : dice < 0.2 ? 503 : 500 };
    }
    return dice < 0.8 && write ? { kind: 'lost' } : { kind: 'unsent' };
  }
}

/** Controller, real engine, simulated nodes and the sandbox's API in one process, the API over a real socket. */
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { Controller } from '../../../src/controller/controller.ts';
import { silentObserver } from '../../../src/controller/observer.ts';
import { clusterRealm } from '../../../src/controller/realm.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { clusterId } from '../../../src/domain/names.ts';
import { GiB } from '../../../src/domain/quantity.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import type { StorageNodes } from '../../../src/engine/ports.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { createSimulation, type Simulation } from '../../../src/gluster/simulated/simulation.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { EventRecorder } from '../../../src/kube/event-recorder.ts';
import {
  endpoints,
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../../src/kube/resources.ts';
import { textAt, type JsonObject } from '../../../src/sandbox/api/json.ts';
import { startKubeSandbox, type KubeSandbox, type KubeSandboxOptions } from '../../../src/sandbox/api/start.ts';
import { MemoryDisk, MemoryStore } from '../../../src/store/memory.ts';
import { mulberry32 } from '../../support/random.ts';
import { disk, nodeSpecs } from '../../support/simulated-cluster.ts';

import { waitFor } from '../../support/wait-for.ts';

const provisioner = 'brickyard.dev/glusterfs';
export const ownNamespace = 'brickyard';

interface Running {
  readonly client: KubeClient;
  readonly engine: VolumeEngine;
  readonly events: EventRecorder;
  readonly controller: Controller;
}

export interface HouseOptions {
  readonly nodes?: number;
  /** GiB of each node's disk. */
  readonly gib?: number;
  /** Default v1.25.16. */
  readonly serverVersion?: string;
  readonly binder?: KubeSandboxOptions['binder'];
  /** Fields of the class `gluster`. */
  readonly storageClass?: JsonObject;
  /** How the simulated nodes are reached. Default: by commands. */
  readonly storage?: (simulation: Simulation) => StorageNodes;
}

const byCommands = ({ runner }: Simulation): StorageNodes => createCommandStorageNodes({ runner });

export class House {
  readonly sandbox: KubeSandbox;
  readonly simulation: Simulation;
  readonly #storage: StorageNodes;
  readonly #memory = new MemoryDisk();
  #running: Running | undefined;

  private constructor(sandbox: KubeSandbox, simulation: Simulation, storage: StorageNodes) {
    this.#storage = storage;
    this.sandbox = sandbox;
    this.simulation = simulation;
  }

  /** Everything up: `nodes` nodes of `gib` GiB, one StorageClass `gluster`, and the controller at work. */
  static async open(options: HouseOptions = {}): Promise<House> {
    const { nodes = 3, gib = 100, serverVersion = 'v1.25.16', binder = {}, storageClass = {} } = options;
    const sandbox = await startKubeSandbox({ clock: systemClock, random: mulberry32(7), serverVersion, binder });
    const simulation = createSimulation({ nodes: nodeSpecs(nodes, gib), clock: systemClock, random: mulberry32(11) });
    const { storage = byCommands } = options;
    const house = new House(sandbox, simulation, storage(simulation));
    sandbox.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ownNamespace } });
    house.createClass(storageClass);
    await house.start();
    await house.loadNodes(nodes, gib);
    await waitFor('the Endpoints name every node', () => house.endpointAddresses().length === nodes);
    return house;
  }

  get engine(): VolumeEngine {
    return this.#parts.engine;
  }

  get controller(): Controller {
    return this.#parts.controller;
  }

  get #parts(): Running {
    if (this.#running === undefined) {
      throw new Error('the controller does not run');
    }
    return this.#running;
  }

  /** Starts the controller on what there is, as a new process would. */
  async start(): Promise<void> {
    const shared = { clock: systemClock, random: mulberry32(13), log: silentLog };
    const kubeConfig = (): KubeConfig => {
      const config = new KubeConfig();
      config.loadFromString(this.sandbox.kubeconfig);
      return config;
    };
    const limits = { qps: 1000, burst: 1000 };
    const client = new KubeClient({
      ...shared,
      kubeConfig,
      version: 'test',
      buckets: { default: limits, events: limits },
      timeoutMs: 5_000,
    });
    const engine = createEngine({
      ...shared,
      store: new MemoryStore(this.#memory),
      nodes: this.#storage,
      observer: { stepFinished: () => undefined, laneChanged: () => undefined },
      patience: { avoidNode: 200 },
    });
    await engine.open(await clusterRealm(client));
    const events = new EventRecorder({ ...shared, api: client.withBucket('events'), instance: 'test' });
    const controller = new Controller({
      ...shared,
      api: client,
      engine,
      events,
      observer: silentObserver,
      provisioner,
      namespace: ownNamespace,
      resolve: async (host) => {
        throw new Error(`no name server in this test: ${host}`);
      },
      sweepIntervalMs: 500,
    });
    this.#running = { client, engine, events, controller };
    await controller.start();
  }

  /** Resolves after one call over the socket: a fair time for whatever could end to have ended. */
  async sandboxAnswers(): Promise<void> {
    await this.#parts.client.get(persistentVolumes, { name: 'none' });
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    const { client, engine, events, controller } = this.#parts;
    this.#running = undefined;
    await controller.stop(new AbortController().signal);
    await events.close(1_000);
    await engine.close();
    await client.close();
  }

  /** Ends it as SIGKILL does: from now on nothing that it still does has an effect on store or API. */
  async kill(): Promise<void> {
    const { client, engine, events, controller } = this.#parts;
    this.#running = undefined;
    this.#memory.kill();
    await client.close();
    await Promise.allSettled([controller.stop(AbortSignal.abort()), events.close(0), engine.close()]);
  }

  async close(): Promise<void> {
    if (this.#running !== undefined) {
      await this.stop();
    }
    await this.sandbox.close();
  }

  /** Loads the first `count` nodes as cluster `default`. */
  async loadNodes(count: number, gib = 100): Promise<void> {
    const outcome = await this.engine.applyTopology(
      {
        clusters: [
          {
            id: clusterId('default'),
            nodes: nodeSpecs(count, gib).map(({ id, manage, storage }, index) => ({
              id,
              manage,
              storage,
              zone: String(index + 1),
              tags: {},
              devices: [{ name: disk, tags: {}, wipe: false }],
            })),
          },
        ],
      },
      { signal: new AbortController().signal },
    );
    if (outcome.kind !== 'done') {
      throw new Error(`topology: ${outcome.reason}`);
    }
  }

  createClass(fields: JsonObject = {}): void {
    this.sandbox.api.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'gluster' },
      provisioner,
      ...fields,
    });
  }

  deleteClass(): void {
    this.sandbox.api.delete({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'gluster' });
  }

  createClaim(name: string, namespace = 'default', spec: JsonObject = {}): PersistentVolumeClaim {
    return persistentVolumeClaims.parse(
      this.sandbox.api.create({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace },
        spec: {
          accessModes: ['ReadWriteMany'],
          resources: { requests: { storage: '1Gi' } },
          storageClassName: 'gluster',
          ...spec,
        },
      }),
    );
  }

  /** Has the claim ask for another size. Throws what the API server says when it refuses. */
  resizeClaim(name: string, size: string, namespace = 'default'): void {
    this.sandbox.api.patch(
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace },
      { spec: { resources: { requests: { storage: size } } } },
    );
  }

  /** A claim whose status says that size and speaks of growth no more. */
  async grown(name: string, size: string, namespace = 'default'): Promise<PersistentVolumeClaim> {
    return waitFor(`claim ${name} has ${size}`, () => {
      const claim = this.claim(name, namespace);
      const { capacity, conditions = [], allocatedResourceStatuses = {} } = claim?.status ?? {};
      const quiet = conditions.length === 0 && Object.keys(allocatedResourceStatuses).length === 0;
      return capacity?.['storage'] === size && quiet ? claim : undefined;
    });
  }

  deleteClaim(name: string, namespace = 'default'): void {
    this.sandbox.api.delete({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace });
  }

  claim(name: string, namespace = 'default'): PersistentVolumeClaim | undefined {
    const found = this.sandbox.api.find({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace });
    return found === undefined ? undefined : persistentVolumeClaims.parse(found);
  }

  /** A claim that is bound, with its PersistentVolume. */
  async bound(name: string, namespace = 'default', spec: JsonObject = {}): Promise<PersistentVolume> {
    const { uid } = this.claim(name, namespace)?.metadata ?? this.createClaim(name, namespace, spec).metadata;
    const pv = await waitFor(`claim ${name} is bound`, () =>
      this.claim(name, namespace)?.status.phase === 'Bound' ? this.volume(`pvc-${uid}`) : undefined,
    );
    // The record is confirmed a moment after the object stands; what follows may want it confirmed.
    await waitFor(`volume ${uid} is confirmed`, () =>
      this.engine.volumes().some((one) => one.id === uid && one.phase === 'ready'),
    );
    return pv;
  }

  volume(name: string): PersistentVolume | undefined {
    const found = this.sandbox.api.find({ apiVersion: 'v1', kind: 'PersistentVolume', name });
    return found === undefined ? undefined : persistentVolumes.parse(found);
  }

  volumes(): readonly PersistentVolume[] {
    return this.sandbox.api
      .list({ apiVersion: 'v1', kind: 'PersistentVolume' })
      .map((object) => persistentVolumes.parse(object));
  }

  /** A PersistentVolume that an administrator made by hand. */
  createForeignVolume(name: string): void {
    this.sandbox.api.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        hostPath: { path: '/srv' },
        storageClassName: 'by-hand',
      },
    });
  }

  patchVolume(name: string, change: JsonObject): void {
    this.sandbox.api.patch({ apiVersion: 'v1', kind: 'PersistentVolume', name }, change);
  }

  deleteVolume(name: string): void {
    this.sandbox.api.delete({ apiVersion: 'v1', kind: 'PersistentVolume', name });
  }

  /** What the Endpoints of the cluster offer. */
  endpointAddresses(): string[] {
    const name = { namespace: ownNamespace, name: 'gluster-default' };
    const found = this.sandbox.api.find({ apiVersion: 'v1', kind: 'Endpoints', ...name });
    return found === undefined
      ? []
      : endpoints.parse(found).subsets.flatMap((subset) => subset.addresses.map((address) => address.ip));
  }

  /** `reason: message` of each event of ours about the object. */
  eventsAbout(uid: string): string[] {
    return this.sandbox.api
      .list({ apiVersion: 'v1', kind: 'Event' })
      .filter((event) => {
        const about = event['involvedObject'] as JsonObject | undefined;
        return about?.['uid'] === uid && event['reportingComponent'] === 'brickyard';
      })
      .map((event) => `${textAt(event, 'reason') ?? ''}: ${textAt(event, 'message') ?? ''}`);
  }

  /** Names of what gluster has, in every pool. */
  glusterVolumes(): string[] {
    return this.simulation.inspect().pools.flatMap((pool) => pool.volumes.map((volume) => volume.name));
  }

  /** On how many nodes a brick of the volume stands, by LVM tags. */
  bricks(pv: PersistentVolume): number {
    const tag = `brickyard.volume=${pv.spec.claimRef?.uid ?? ''}`;
    return this.simulation
      .inspect()
      .nodes.filter((node) =>
        node.volumeGroups.some((group) => group.logicalVolumes.some((volume) => volume.tags.includes(tag))),
      ).length;
  }

  /** GiB of each file system on the nodes, smallest first. */
  fileSystems(): number[] {
    return this.simulation
      .inspect()
      .nodes.flatMap(({ volumeGroups }) => volumeGroups.flatMap(({ logicalVolumes }) => logicalVolumes))
      .flatMap(({ kind, fileSystemSize }) => (kind === 'thin' ? [(fileSystemSize ?? 0) / GiB] : []))
      .toSorted((one, other) => one - other);
  }

  /** Nothing is left: neither records, nor volumes, nor logical volumes, nor mounts. */
  isEmpty(): boolean {
    const { nodes } = this.simulation.inspect();
    const groups = nodes.flatMap((node) => node.volumeGroups);
    return (
      this.engine.volumes().length === 0 &&
      this.glusterVolumes().length === 0 &&
      this.volumes().length === 0 &&
      groups.every((group) => group.logicalVolumes.length === 0) &&
      nodes.every((node) => node.mounts.length === 0)
    );
  }

  /** Resolves when nothing is left. */
  async emptied(): Promise<void> {
    await waitFor('nothing is left', () => this.isEmpty());
  }
}

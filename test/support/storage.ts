/** Simulated storage nodes of the test process: they live on when a controller is killed. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceName, hostName, nodeId } from '../../src/domain/names.ts';
import { bytes, GiB } from '../../src/domain/quantity.ts';
import { createSimulation, type Simulation } from '../../src/gluster/simulated/simulation.ts';
import type { SimulatedVolumeState } from '../../src/gluster/simulated/state.ts';
import type { SimulatedNodeSpec } from '../../src/gluster/simulated/topology.ts';
import { startNodesServer } from '../../src/sandbox/nodes/server.ts';
import { mulberry32 } from './random.ts';
import { realClock } from './test-api.ts';

export interface TestStorage {
  readonly simulation: Simulation;
  readonly url: string;
  readonly tokenFile: string;
  /** `nodes` of a controller's configuration. */
  readonly access: { readonly kind: 'simulated'; readonly url: string; readonly tokenFile: string };
  readonly nodes: readonly SimulatedNodeSpec[];
  /** In heketi's format: three zones, every node a cluster member, every device to be used. */
  readonly topology: object;
  /** The zone of each node in `topology`, by the node's id. */
  readonly zones: ReadonlyMap<string, string>;
  /** Everything that gluster calls a volume, over all pools. */
  volumes(): readonly SimulatedVolumeState[];
  /** Logical volumes of all nodes, as `node:group/name tags`. */
  bricks(): readonly string[];
  /** Commands that reached the nodes so far. */
  commands(): number;
  close(): Promise<void>;
}

export interface StorageOptions {
  readonly nodes?: number;
  readonly devices?: number;
  /** GiB of each device. */
  readonly deviceGiB?: number;
}

const zones = 3;

/** Of the nth node. */
const zoneOf = (index: number): string => String((index % zones) + 1);

export async function startStorage(directory: string, options: StorageOptions = {}): Promise<TestStorage> {
  const { nodes: nodeCount = 6, devices = 2, deviceGiB = 1024 } = options;
  const nodes = Array.from({ length: nodeCount }, (_, index) => ({
    id: nodeId(`storage-${index + 1}`),
    manage: hostName(`storage-${index + 1}`),
    // TEST-NET-2: nobody answers there, and the API server accepts it as an endpoint.
    storage: hostName(`198.51.100.${index + 1}`),
    devices: Array.from({ length: devices }, (_each, device) => ({
      name: deviceName(`/dev/vd${String.fromCodePoint(98 + device)}`),
      size: bytes(deviceGiB * GiB),
    })),
  }));
  const simulation = createSimulation({ nodes, clock: realClock, random: mulberry32(11) });
  const token = randomBytes(16).toString('hex');
  const tokenFile = join(directory, 'nodes-token');
  await writeFile(tokenFile, token, { mode: 0o600 });
  const server = await startNodesServer({ simulation, token });
  return {
    simulation,
    url: server.url,
    tokenFile,
    access: { kind: 'simulated', url: server.url, tokenFile },
    nodes,
    topology: {
      clusters: [
        {
          nodes: nodes.map((node, index) => ({
            node: { hostnames: { manage: [node.manage], storage: [node.storage] }, zone: Number(zoneOf(index)) },
            devices: node.devices.map((device) => device.name),
          })),
        },
      ],
    },
    zones: new Map(nodes.map(({ id }, index) => [id, zoneOf(index)])),
    volumes: () => simulation.inspect().pools.flatMap((pool) => pool.volumes),
    bricks: () =>
      simulation.inspect().nodes.flatMap((node) =>
        node.volumeGroups.flatMap(({ name, logicalVolumes }) =>
          logicalVolumes.map((volume) => {
            // lvcreate of pool and volume in one command tags the pool only.
            const tagged = logicalVolumes.find((other) => other.name === volume.pool) ?? volume;
            return `${node.id}:${name}/${volume.name} ${tagged.tags.join(',')}`;
          }),
        ),
      ),
    commands: () => simulation.inspect().commands,
    close: () => server.close(),
  };
}

import type { Bytes } from '../../domain/quantity.ts';
import type { DesiredTopology } from '../../domain/desired-topology.ts';
import type { SimulatedNodeSpec } from '../../gluster/simulated/topology.ts';

export interface Layout {
  readonly zones: number;
  /** Nodes a zone. */
  readonly nodes: number;
  /** Devices a node. */
  readonly devices: number;
}

/** 0 -> a, 25 -> z, 26 -> aa. */
function letters(index: number): string {
  const last = String.fromCodePoint(97 + (index % 26));
  return index < 26 ? last : `${letters(Math.floor(index / 26) - 1)}${last}`;
}

/** A topology file in heketi's format: zones 1 to N with nodes `node-a1`, `node-a2`, ..., `node-b1`, ... */
export function layoutDocument({ zones, nodes, devices }: Layout): object {
  const each = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  return {
    clusters: [
      {
        nodes: each(zones, (zone) =>
          each(nodes, (node) => ({
            node: {
              zone: zone + 1,
              hostnames: { manage: [`node-${letters(zone)}${node + 1}`], storage: [`10.20.${zone + 1}.${node + 1}`] },
            },
            devices: each(devices, (device) => `/dev/vd${letters(device + 1)}`),
          })),
        ).flat(),
      },
    ],
  };
}

/** Simulated servers for every node of a topology, each device a blank disk of `deviceSize`. */
export function simulatedNodes(topology: DesiredTopology, deviceSize: Bytes): SimulatedNodeSpec[] {
  return topology.clusters
    .flatMap((cluster) => cluster.nodes)
    .map((node) => ({
      id: node.id,
      manage: node.manage,
      storage: node.storage,
      devices: node.devices.map((device) => ({ name: device.name, size: deviceSize })),
    }));
}

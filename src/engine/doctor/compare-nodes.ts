/** Records against what stands on the nodes. */
import { volumeId, type DeviceName, type NodeId } from '../../domain/names.ts';
import { extentSize } from '../../domain/placement/footprint.ts';
import { bytes, roundUp } from '../../domain/quantity.ts';
import type { DeviceRecord, NodeRecord } from '../../domain/topology.ts';
import type { BrickRecord } from '../../domain/volume.ts';
import type { NodeDirectory } from '../node-directory.ts';
import type { BrickFacts } from '../ports.ts';
import type { BrickFinding, DeviceFinding, DeviceNamed, Finding, Rebuild } from './api.ts';
import type { DeviceSight, Observation } from './observe.ts';
import { volumeIdOf } from './record-of.ts';
import type { Known } from './snapshot.ts';

type Blind = Rebuild['blind'][number];
type Seen = Extract<DeviceSight, { kind: 'seen' }>;

export function compareNodes(known: Known, seen: Observation, directory: NodeDirectory): readonly Finding[] {
  const steady = new Map(
    known.steady().flatMap(({ name, brickSets }) => brickSets.flat().map((brick) => [brick.id, { name, brick }])),
  );
  return [
    ...blindIn(known, seen, directory),
    ...directory.list().flatMap((node) => {
      const sights = seen.nodes.get(node.id);
      return node.devices.flatMap((device) => {
        const sight = sights?.get(device.name);
        return sight?.kind === 'seen' ? compareDevice(known, seen, steady, node, device, sight) : [];
      });
    }),
  ];
}

type Steady = ReadonlyMap<BrickFacts['id'], { readonly name: string; readonly brick: BrickRecord }>;

function compareDevice(
  known: Known,
  seen: Observation,
  steady: Steady,
  node: NodeRecord,
  device: DeviceRecord,
  sight: Seen,
): readonly Finding[] {
  const place: DeviceNamed = { cluster: node.cluster, node: node.id, device: device.name };
  const leftovers = leftoversOf(known, seen, place, sight);
  return [
    ...known.bricksOn(node.id, device.name).flatMap(({ id }) => {
      const found = steady.get(id);
      return found === undefined ? [] : compareBrick(place, found, sight);
    }),
    ...leftovers,
    ...compareSpace(known, place, device, sight),
  ];
}

function compareBrick(
  place: DeviceNamed,
  { name: volume, brick }: { readonly name: string; readonly brick: BrickRecord },
  sight: Seen,
): readonly BrickFinding[] {
  const found = sight.bricks.find(({ id }) => id === brick.id);
  // Size 0 is a thin pool that has lost its volume, and the data with it.
  if (found === undefined || found.size === 0) {
    const path = brick.path === undefined ? {} : { path: brick.path };
    return [{ ...place, kind: 'brick-missing', brick: brick.id, volume, ...path }];
  }
  return roundUp(found.size, extentSize) === roundUp(brick.size, extentSize)
    ? []
    : [{ ...place, kind: 'brick-size-differs', brick: brick.id, volume, recorded: brick.size, found: found.size }];
}

type Leftover = Extract<BrickFinding, { kind: 'brick-leftover' }>;

/** Leftovers on every device. */
export function leftoversIn(known: Known, seen: Observation, directory: NodeDirectory): readonly Leftover[] {
  return directory
    .list()
    .flatMap(({ cluster, id: node }) =>
      [...(seen.nodes.get(node) ?? [])].flatMap(([device, sight]) =>
        sight.kind === 'seen' ? leftoversOf(known, seen, { cluster, node, device }, sight) : [],
      ),
    );
}

/** What no node has shown. */
export function blindIn(known: Known, seen: Observation, directory: NodeDirectory): readonly Blind[] {
  return [
    ...directory.list().flatMap((node) => blind(known, node, seen.nodes.get(node.id) ?? new Map())),
    ...unknownNodes(known, directory),
  ];
}

/** Bricks of ours on the device that neither a record names nor a volume in gluster uses. */
function leftoversOf(known: Known, seen: Observation, place: DeviceNamed, sight: Seen): readonly Leftover[] {
  const sightOfCluster = seen.clusters.get(place.cluster);
  const isComplete = sightOfCluster?.kind === 'seen' && sightOfCluster.unread.size === 0;
  return sight.bricks
    .filter(({ id }) => !known.hasBrick(id) && !known.isQuarantined(volumeIdOf(id)) && !seen.served.has(id))
    .map(({ id, path, footprint }) => ({
      ...place,
      kind: 'brick-leftover',
      brick: id,
      volumeId: volumeId(volumeIdOf(id)),
      path,
      volumeInGluster: isComplete ? 'absent' : 'unknown',
      ...(footprint === undefined ? {} : { footprint }),
    }));
}

function compareSpace(
  known: Known,
  place: DeviceNamed,
  device: DeviceRecord,
  { facts, bricks }: Seen,
): readonly DeviceFinding[] {
  const findings: DeviceFinding[] = [];
  if (device.size !== undefined && device.size !== facts.size) {
    findings.push({ ...place, kind: 'device-size-differs', recorded: device.size, found: facts.size });
  }
  const loads = new Map<string, number>(
    bricks.flatMap(({ id, footprint }) => (footprint === undefined ? [] : [[id, footprint] as const])),
  );
  for (const { id, footprint } of known.loadsOn(place.node, place.device)) {
    loads.set(id, Math.max(footprint, loads.get(id) ?? 0));
  }
  const accounted = [...loads.values()].reduce((sum, footprint) => sum + footprint, 0);
  const held = facts.size - facts.free - accounted;
  // The node rounds down to extents.
  if (held > extentSize) {
    findings.push({ ...place, kind: 'device-space-held', held: bytes(held) });
  }
  return findings;
}

/** Devices that did not show themselves. A node of which nothing answered is one finding. */
function blind(known: Known, node: NodeRecord, sights: ReadonlyMap<DeviceName, DeviceSight>): readonly Blind[] {
  const unseen = [...sights].flatMap(([device, sight]) => (sight.kind === 'unseen' ? [{ device, sight }] : []));
  const first = unseen.find(({ sight }) => sight.silent);
  const { cluster, id } = node;
  const nobody: readonly Blind[] =
    first === undefined
      ? []
      : [
          {
            kind: 'node-unreachable',
            cluster,
            node: id,
            reason: first.sight.reason,
            bricks: bricksOfNode(known, node),
          },
        ];
  const unreadable = unseen.filter(({ sight }) => !sight.silent);
  return [
    ...nobody,
    ...unreadable.map(({ device, sight: { reason } }): Blind => ({
      kind: 'device-unreadable',
      cluster,
      node: id,
      device,
      reason,
      bricks: known.bricksOn(id, device).length,
    })),
  ];
}

const bricksOfNode = (known: Known, { id, devices }: NodeRecord): number =>
  devices.reduce((sum, { name }) => sum + known.bricksOn(id, name).length, 0);

/** Nodes that records name and the topology does not have: their own document may be damaged. */
function unknownNodes(known: Known, directory: NodeDirectory): readonly Blind[] {
  const bricks = new Map<NodeId, { cluster: NodeRecord['cluster']; bricks: number }>();
  for (const { cluster, brickSets } of known.records()) {
    for (const { node } of brickSets.flat()) {
      if (directory.get(node) === undefined) {
        bricks.set(node, { cluster, bricks: (bricks.get(node)?.bricks ?? 0) + 1 });
      }
    }
  }
  return [...bricks].map(([node, found]) => ({ kind: 'node-unknown', node, ...found }));
}

/** What a fake storage node is made of. */
import type { Durability } from '../../../src/domain/durability.ts';
import type { BrickId, DeviceName, NodeId, VolumeName } from '../../../src/domain/names.ts';
import { brickFootprint } from '../../../src/domain/placement/footprint.ts';
import type { Bytes } from '../../../src/domain/quantity.ts';
import type {
  BrickAddress,
  BrickFacts,
  BrickSpec,
  GlusterVolume,
  NodeFacts,
  PeerState,
  Rebalance,
} from '../../../src/engine/ports.ts';

export interface FakeBrick {
  readonly spec: BrickSpec;
  /** Bytes of file system. */
  size: Bytes;
  /** Bytes that it takes from its device: a growth that was cut off takes them before the file system has them. */
  footprint: Bytes;
  readonly path: string;
  /** What it says of its volume. */
  identity: string | undefined;
  /** The volume whose marks it carries: left by a create, a failed one too, and not taken off by a delete. */
  markedBy: string | undefined;
  /** Unmounted by a reboot, until it is restored. */
  mounted: boolean;
  /** Whether the process that serves it runs. Means something in a started volume only. */
  online: boolean;
  pending: number;
  splitBrain: number;
}

export interface FakeDevice {
  /** Whether the disk is in the machine. */
  present: boolean;
  serial: string | undefined;
  size: Bytes;
  /** Bytes that somebody else has taken beside us. */
  taken: number;
  prepared: boolean;
  /** What somebody else keeps on it. */
  holder: string | undefined;
}

export interface FakeNode {
  readonly id: NodeId;
  readonly host: string;
  up: boolean;
  /** Whether its glusterd runs. */
  glusterd: boolean;
  /** Whether its gluster differs from the others' of its pool. */
  rejected: boolean;
  /** Volumes that it has and the others have not. */
  readonly alone: Map<string, FakeVolume>;
  boot: number;
  glusterId: string;
  addresses: readonly string[];
  /** Nodes of one trusted pool share the object. */
  pool: FakePool;
  readonly devices: Map<DeviceName, FakeDevice>;
  readonly bricks: Map<BrickId, FakeBrick>;
}

export interface FakePool {
  /** By host: the UUID that the pool knows it by. */
  readonly hosts: Map<string, string>;
  readonly volumes: Map<string, FakeVolume>;
}

export interface FakeVolume {
  readonly name: VolumeName;
  readonly uuid: string;
  status: GlusterVolume['status'];
  readonly durability: Durability;
  bricks: readonly BrickAddress[];
  readonly options: Map<string, string>;
  everStarted: boolean;
  rebalance: { readonly task: string; state: Rebalance['state']; looks: number } | undefined;
  /** Whether files are leaving bricks for good. */
  removing: boolean;
}

function brickPath({ device, id }: BrickSpec): string {
  return `/bricks/${device.slice(1).replaceAll('/', '-')}/${id}/brick`;
}

export function usedOn(node: FakeNode, device: DeviceName): number {
  return [...node.bricks.values()]
    .filter(({ spec }) => spec.device === device)
    .reduce((sum, { footprint }) => sum + footprint, 0);
}

export function nodeFacts({ boot, addresses, glusterd, glusterId, id }: FakeNode): NodeFacts {
  return { bootId: `boot-${boot}-of-${id}`, addresses, ...(glusterd ? { glusterId } : {}) };
}

/** How a node of its pool stands with the one that is asked. */
export function standingOf(asked: FakeNode, other: FakeNode | undefined): PeerState {
  if (other === asked) {
    return 'member';
  }
  if (asked.rejected || other?.rejected === true) {
    return 'rejected';
  }
  return isServing(other) ? 'member' : 'disconnected';
}

export function newBrick(spec: BrickSpec): FakeBrick {
  const { total: footprint } = brickFootprint(spec);
  const state = { markedBy: undefined, mounted: true, online: false, pending: 0, splitBrain: 0 };
  return { spec, size: spec.size, footprint, path: brickPath(spec), identity: spec.identity, ...state };
}

export function brickFacts({ spec, size, footprint, path }: FakeBrick): BrickFacts {
  return { id: spec.id, path, size, footprint };
}

export function listedBrick(brick: FakeBrick): BrickFacts {
  return { ...brickFacts(brick), ...(brick.identity === undefined ? {} : { identity: brick.identity }) };
}

export function factsOf({ name, uuid, status, durability, bricks, options }: FakeVolume): GlusterVolume {
  return { name, uuid, status, durability, bricks: [...bricks], options: new Map(options) };
}

export function sameBricks(a: readonly BrickAddress[], b: readonly BrickAddress[]): boolean {
  return a.length === b.length && a.every(({ host, path }, i) => host === b[i]?.host && path === b[i].path);
}

export const isServing = (node: FakeNode | undefined): node is FakeNode =>
  node !== undefined && node.up && node.glusterd;

export const isServed = (node: FakeNode, { mounted, online }: FakeBrick): boolean => node.up && mounted && online;

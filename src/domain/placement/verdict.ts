/** What each device, node and zone has against a brick: the ground that a refusal stands on. */
import type { DeviceName, NodeId } from '../names.ts';
import { bytes, describeSize, type Bytes } from '../quantity.ts';
import type { Company, Spread } from './company.ts';
import { compareText } from './hash.ts';
import { roleAllows, type PlacementPool, type Role } from './pool.ts';
import type { TagRule } from '../placement-rules.ts';
import { allowsZone, describeRule, ruleHolds } from './request.ts';
import type { Seat, Unusable } from './seat.ts';

/** Why a device takes no brick of this request. Sizes in bytes. */
export type PassedOver =
  | { readonly kind: 'unusable'; readonly why: Unusable; readonly because?: string }
  | { readonly kind: 'wrong tag'; readonly rule: TagRule }
  /** The request keeps its bricks out of this zone. */
  | { readonly kind: 'zone not allowed'; readonly zone: string }
  /** Its tag `arbiter` says that it takes no brick of this kind. */
  | { readonly kind: 'wrong role'; readonly role: Role }
  | { readonly kind: 'node holds a brick of this set' }
  | { readonly kind: 'zone holds a brick of this set' }
  /** The device that the brick is to leave. */
  | { readonly kind: 'to be left' }
  /** It would fit if nothing were reserved. */
  | { readonly kind: 'reserved'; readonly free: Bytes; readonly needed: Bytes; readonly reserved: Bytes }
  | { readonly kind: 'too little free'; readonly free: Bytes; readonly needed: Bytes };

export interface DeviceVerdict {
  readonly device: DeviceName;
  readonly size: Bytes;
  readonly free: Bytes;
  /** Bricks of that size that fit on it; 0 exactly when `passedOver` is there. */
  readonly bricks: number;
  readonly passedOver?: PassedOver;
}

export interface NodeVerdict {
  readonly node: NodeId;
  /** Sum over its devices. A set takes one of them at most. */
  readonly bricks: number;
  readonly devices: readonly DeviceVerdict[];
}

export interface ZoneVerdict {
  readonly zone: string;
  readonly nodes: readonly NodeVerdict[];
}

/** The brick that the verdicts are about. */
export interface BrickNeed {
  readonly role: Role;
  /** Bytes. */
  readonly footprint: number;
  readonly rules: readonly TagRule[];
  /** Absent or empty: all. */
  readonly allowedZones?: readonly string[] | undefined;
  readonly spread: Spread;
  /** The bricks of the set that are there already. */
  readonly company: Company;
  readonly leaving?: (seat: Seat) => boolean;
}

/** By zone, node and device. A known node without devices is listed too, with none. */
export function verdictsOf(pool: PlacementPool, need: BrickNeed): readonly ZoneVerdict[] {
  const zones = new Map<string, Map<NodeId, DeviceVerdict[]>>();
  const devicesOf = (zone: string, node: NodeId): DeviceVerdict[] => {
    const nodes = zones.get(zone) ?? new Map<NodeId, DeviceVerdict[]>();
    zones.set(zone, nodes);
    const devices = nodes.get(node) ?? [];
    nodes.set(node, devices);
    return devices;
  };
  for (const { id, zone } of pool.nodes()) {
    devicesOf(zone, id);
  }
  for (const seat of pool.seats()) {
    devicesOf(seat.standing.zone, seat.node).push(verdictOf(seat, need));
  }
  return [...zones]
    .sort(([a], [b]) => compareText(a, b))
    .map(([zone, nodes]) => ({
      zone,
      nodes: [...nodes].map(([node, devices]) => ({
        node,
        bricks: devices.reduce((sum, { bricks }) => sum + bricks, 0),
        devices,
      })),
    }));
}

function verdictOf(seat: Seat, need: BrickNeed): DeviceVerdict {
  const passedOver = passedOverFor(seat, need);
  return {
    device: seat.device,
    size: seat.standing.size,
    free: bytes(Math.max(0, seat.room)),
    bricks: passedOver === undefined ? seat.slots(need.footprint) : 0,
    ...(passedOver === undefined ? {} : { passedOver }),
  };
}

function passedOverFor(seat: Seat, need: BrickNeed): PassedOver | undefined {
  const { unusable, because, tags, zone, reserved } = seat.standing;
  const rule = need.rules.find((each) => !ruleHolds(each, tags));
  if (unusable !== undefined) {
    return { kind: 'unusable', why: unusable, ...(because === undefined ? {} : { because }) };
  }
  if (!allowsZone(need.allowedZones, zone)) {
    return { kind: 'zone not allowed', zone };
  }
  if (rule !== undefined) {
    return { kind: 'wrong tag', rule };
  }
  if (!roleAllows(need.role, tags)) {
    return { kind: 'wrong role', role: need.role };
  }
  if (need.leaving?.(seat) === true) {
    return { kind: 'to be left' };
  }
  if (need.company.hasNode(seat.node)) {
    return { kind: 'node holds a brick of this set' };
  }
  if (!need.company.admits(seat.node, zone, need.spread)) {
    return { kind: 'zone holds a brick of this set' };
  }
  if (seat.fits(need.footprint)) {
    return undefined;
  }
  const free = bytes(Math.max(0, seat.room));
  const needed = bytes(need.footprint);
  return seat.room + reserved >= needed
    ? { kind: 'reserved', free, needed, reserved }
    : { kind: 'too little free', free, needed };
}

/** For people, after the device's or node's name: `is offline`, `has 3 GiB free of the 10.05 GiB needed`. */
export function describePassedOver(reason: PassedOver): string {
  switch (reason.kind) {
    case 'unusable':
      return reason.why === 'not prepared' ? 'is not prepared' : `: ${reason.why}${inBrackets(reason)}`;
    case 'wrong tag':
      return `does not match ${describeRule(reason.rule)}`;
    case 'zone not allowed':
      return `is in zone ${reason.zone}, which is not allowed`;
    case 'wrong role':
      return reason.role === 'data' ? 'is for arbiter bricks only' : 'takes no arbiter bricks';
    case 'node holds a brick of this set':
      return 'is on a node that holds a brick of this set';
    case 'zone holds a brick of this set':
      return 'is in a zone that holds a brick of this set';
    case 'to be left':
      return 'is where the brick is to leave';
    case 'reserved':
      return `has ${describeSize(reason.free)} free of the ${describeSize(reason.needed)} needed, with ${describeSize(reason.reserved)} reserved`;
    case 'too little free':
      return `has ${describeSize(reason.free)} free of the ${describeSize(reason.needed)} needed`;
  }
}

/** Why a node takes no brick, from the device that came closest; `undefined` when it takes one. */
export function describeNode({ node, bricks, devices }: NodeVerdict): string | undefined {
  if (bricks > 0) {
    return undefined;
  }
  const reasons = devices.flatMap(({ passedOver }) => passedOver ?? []);
  const closest = reasons.reduce<PassedOver | undefined>(
    (best, next) => (best === undefined || freeOf(next) > freeOf(best) ? next : best),
    undefined,
  );
  if (closest === undefined) {
    return `node ${node} has no devices`;
  }
  if (closest.kind === 'unusable' && closest.why.startsWith('node ')) {
    return `node ${node} is ${closest.why.slice('node '.length)}${inBrackets(closest)}`;
  }
  if (closest.kind === 'unusable') {
    return `node ${node}: ${devices.length === 1 ? 'its device is' : 'no device is usable, one is'} ${closest.why.replace('device ', '')}${inBrackets(closest)}`;
  }
  return `node ${node} ${describePassedOver(closest)}`;
}

const inBrackets = ({ because }: { readonly because?: string }): string =>
  because === undefined ? '' : ` (${because})`;

function freeOf(reason: PassedOver): number {
  return 'free' in reason ? reason.free : -1;
}

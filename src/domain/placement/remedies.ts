/** Finds what would make a refused request fit, by trying it out. Only what worked is claimed. */
import { clusterId, deviceName, hostName, nodeId, type NodeId } from '../names.ts';
import { bytes, GiB, roundUp, type Bytes } from '../quantity.ts';
import { nodeRecord, type NodeRecord } from '../topology.ts';
import type { Spread } from './company.ts';
import { feasibility } from './exact.ts';
import { extentSize } from './footprint.ts';
import { compareText } from './hash.ts';
import type { SetQuery } from './balanced.ts';
import type { PlacementPool } from './pool.ts';
import type { MoreRoom, Remedy } from './remedy.ts';
import type { PlacementRequest } from './request.ts';
import type { Hindrance, Seat } from './seat.ts';
import { equalBrickSize, setCounts, setShape } from './shape.ts';
import type { Task } from './task.ts';

/** Whether a request could be placed in the pool as it stands. */
export type Fits = (request: PlacementRequest) => boolean;

/** So many nodes or devices that are off are tried out: each costs a plan. */
const tried = 8;

export function remediesFor(task: Task, fits: Fits): readonly Remedy[] {
  const { request } = task;
  return [
    ...returning(task.pool, () => fits(request)),
    ...moreRoom(task, fits),
    ...moreNodes(task, fits),
    ...smallerVolume(task, fits),
    ...(request.zoneSpread === 'require' && fits({ ...request, zoneSpread: 'prefer' })
      ? [{ kind: 'zone spread', zoneSpread: 'prefer' } as const]
      : []),
    ...((request.tagMatch ?? []).length > 0 && fits({ ...request, tagMatch: [] })
      ? [{ kind: 'no tag rules' } as const]
      : []),
    ...moreZones(task, fits),
  ];
}

/** Runs `check` while the pool knows `changed` in place of its nodes of those ids, and puts everything back. */
export function supposing<T>(pool: PlacementPool, changed: readonly NodeRecord[], check: () => T): T {
  const before = changed.map(({ id }) => ({ id, record: pool.node(id) }));
  try {
    for (const node of changed) {
      pool.upsertNode(node);
    }
    return check();
  } finally {
    for (const { id, record } of before) {
      if (record === undefined) {
        pool.removeNode(id);
      } else {
        pool.upsertNode(record);
      }
    }
  }
}

/** Nodes and devices that are offline, do not answer or are out of order. What has failed does not come back. */
export function* returning(pool: PlacementPool, fits: () => boolean): Generator<Remedy> {
  let left = tried;
  for (const node of pool.nodes()) {
    for (const { remedy, helps } of returns(pool, node, fits)) {
      if (left <= 0) {
        return;
      }
      left -= 1;
      if (helps()) {
        yield remedy;
      }
    }
  }
}

interface Return {
  readonly remedy: Remedy;
  readonly helps: () => boolean;
}

/** A node that is off as a whole hides its devices. */
function returns(pool: PlacementPool, node: NodeRecord, fits: () => boolean): readonly Return[] {
  const { id } = node;
  const hindrance = pool.hindrance(id);
  if (node.state === 'offline') {
    const online: NodeRecord = { ...node, state: 'online' };
    const helps = (): boolean => hindrance?.node === undefined && supposing(pool, [online], fits);
    return [{ remedy: { kind: 'node online', node: id }, helps }];
  }
  if (node.state === 'failed') {
    return [];
  }
  if (hindrance?.node !== undefined) {
    const kind = hindrance.node.why === 'node in trouble' ? 'node in order' : 'node reachable';
    const { devices } = hindrance;
    return [{ remedy: { kind, node: id }, helps: () => whileHindered(pool, id, devices && { devices }, fits) }];
  }
  return node.devices.flatMap((device) => returnOf(pool, node, device, fits) ?? []);
}

function returnOf(
  pool: PlacementPool,
  node: NodeRecord,
  { name, state }: NodeRecord['devices'][number],
  fits: () => boolean,
): Return | undefined {
  const hindered = pool.hindrance(node.id)?.devices;
  const place = { node: node.id, device: name };
  if (state === 'offline') {
    const devices = node.devices.map((device) => (device.name === name ? onlineDevice(device) : device));
    return {
      remedy: { kind: 'device online', ...place },
      helps: () => supposing(pool, [{ ...node, devices }], fits),
    };
  }
  if (state === 'online' && hindered?.has(name) === true) {
    const devices = new Map([...hindered].filter(([other]) => other !== name));
    return {
      remedy: { kind: 'device in order', ...place },
      helps: () => whileHindered(pool, node.id, { devices }, fits),
    };
  }
  return undefined;
}

function onlineDevice(device: NodeRecord['devices'][number]): NodeRecord['devices'][number] {
  return { ...device, state: 'online' };
}

function whileHindered(
  pool: PlacementPool,
  node: NodeId,
  supposed: Hindrance | undefined,
  check: () => boolean,
): boolean {
  const observed = pool.hindrance(node);
  try {
    pool.hinder(node, supposed);
    return check();
  } finally {
    pool.hinder(node, observed);
  }
}

/** For the fewest sets: the bricks that are missing, each where least is missing for it. */
function* moreRoom(task: Task, fits: Fits): Generator<Remedy> {
  const { least } = setCounts(task.request, task.bricksThere);
  const shape = setShape(task.request, equalBrickSize(task.request, least));
  const spread: Spread = task.request.zoneSpread === 'require' ? 'distinct' : 'off';
  const query: SetQuery = {
    footprint: shape.data.footprint,
    bricks: shape.dataBricks,
    spread,
    tie: task.tie,
    preferredZones: [],
  };
  const { needed, found } = feasibility(task.data, query, least);
  const places = cheapestPlaces(task, query, least, needed - found);
  if (places.length === 0) {
    return;
  }
  const nodes = new Map<NodeId, NodeRecord>();
  for (const { node, device, by } of places) {
    const record = nodes.get(node) ?? task.pool.node(node);
    if (record !== undefined) {
      const devices = record.devices.map((each) =>
        each.name === device ? { ...each, size: bytes((each.size ?? 0) + by) } : each,
      );
      nodes.set(node, { ...record, devices });
    }
  }
  if (supposing(task.pool, [...nodes.values()], () => fits(task.request))) {
    yield { kind: 'more room', devices: places };
  }
}

/** At most so many devices are worth naming. */
const devicesNamed = 6;

function cheapestPlaces(task: Task, query: SetQuery, sets: number, missing: number): readonly MoreRoom[] {
  const groups = new Map<string, { slots: number; seat: Seat; lack: number }>();
  for (const node of task.data.nodes()) {
    const name = query.spread === 'distinct' ? node.zone : node.node;
    for (const seat of node.seats) {
      const slots = seat.slots(query.footprint);
      const lack = roundUp((slots + 1) * query.footprint - seat.room, extentSize);
      const group = groups.get(name);
      const isBetter =
        group === undefined ||
        lack < group.lack ||
        (lack === group.lack &&
          compareText(`${seat.node}:${seat.device}`, `${group.seat.node}:${group.seat.device}`) < 0);
      groups.set(name, {
        slots: (group?.slots ?? 0) + slots,
        seat: isBetter ? seat : group.seat,
        lack: isBetter ? lack : group.lack,
      });
    }
  }
  const open = [...groups.values()]
    .filter(({ slots }) => slots < sets)
    .sort((a, b) => a.lack - b.lack || compareText(a.seat.node, b.seat.node));
  const places: MoreRoom[] = [];
  let left = missing;
  for (const { seat, lack, slots } of open) {
    if (left <= 0) {
      break;
    }
    const bricks = Math.min(left, sets - slots);
    places.push({ node: seat.node, device: seat.device, by: bytes(lack + (bricks - 1) * query.footprint) });
    left -= bricks;
  }
  return left > 0 || places.length > devicesNamed ? [] : places;
}

/** New nodes, each in a new zone, with one device that holds a brick of every set. */
function* moreNodes(task: Task, fits: Fits): Generator<Remedy> {
  const { least } = setCounts(task.request, task.bricksThere);
  const shape = setShape(task.request, equalBrickSize(task.request, least));
  const size = bytes(least * shape.data.footprint);
  const most = shape.dataBricks + (shape.arbiter === undefined ? 0 : 1);
  for (let count = 1; count <= most; count += 1) {
    const nodes = Array.from({ length: count }, (_, number) => newNode(task.request, number + 1, size));
    if (supposing(task.pool, nodes, () => fits(task.request))) {
      const { allowedZones: zones = [] } = task.request;
      yield { kind: 'more nodes', count, size, ...(zones.length === 0 ? {} : { zones }) };
      return;
    }
  }
}

/** One zone more if that is enough, else all. Of the zones that have storage nodes. */
function* moreZones({ pool, request }: Task, fits: Fits): Generator<Remedy> {
  const { allowedZones = [] } = request;
  const others = allowedZones.length === 0 ? [] : zonesOf(pool).filter((zone) => !allowedZones.includes(zone));
  const fitsWith = (zones: readonly string[]): boolean =>
    fits({ ...request, allowedZones: [...allowedZones, ...zones] });
  const one = others.slice(0, tried).find((zone) => fitsWith([zone]));
  if (one !== undefined) {
    yield { kind: 'zones allowed', zones: [one] };
  } else if (others.length > 1 && fitsWith(others)) {
    yield { kind: 'zones allowed', zones: others };
  }
}

/** Zones that have nodes, by name. */
export function zonesOf(pool: PlacementPool): readonly string[] {
  return [...new Set(pool.nodes().map(({ zone }) => zone))].sort(compareText);
}

export function newNode(
  request: Pick<PlacementRequest, 'tagMatch' | 'allowedZones'>,
  number: number,
  size: Bytes,
): NodeRecord {
  const tags = Object.fromEntries(
    (request.tagMatch ?? []).filter(({ op }) => op === '=').map(({ key, value }) => [key, value]),
  );
  const { allowedZones = [] } = request;
  const name = `new-node-${number}.invalid`;
  return nodeRecord.parse({
    id: nodeId(name),
    cluster: clusterId('new'),
    zone: allowedZones[(number - 1) % allowedZones.length] ?? `new-zone-${number}`,
    manage: hostName(name),
    storage: hostName(name),
    tags,
    devices: [{ name: deviceName('/dev/new'), size }],
  });
}

/** The largest size that fits now, by halving. Whole GiB for what is larger than that. */
function* smallerVolume(task: Task, fits: Fits): Generator<Remedy> {
  const { request } = task;
  const unit = request.size > 2 * GiB ? GiB : extentSize;
  let fitting = 0;
  let refused = Math.ceil(request.size / unit);
  while (refused - fitting > 1) {
    const middle = Math.floor((fitting + refused) / 2);
    if (fits({ ...request, size: bytes(middle * unit) })) {
      fitting = middle;
    } else {
      refused = middle;
    }
  }
  if (fitting > 0) {
    yield { kind: 'smaller volume', size: bytes(fitting * unit) };
  }
}

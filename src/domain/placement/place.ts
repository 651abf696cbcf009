/** Where the bricks of a volume go: a pure function of the pool's contents and the request. */
import { bricksPerSet, describeDurability } from '../durability.ts';
import { brickIdFor } from '../names.ts';
import { describeSize, roundUp, type Bytes } from '../quantity.ts';
import type { BrickRecord } from '../volume.ts';
import { brickFootprint, extentSize } from './footprint.ts';
import type { DeviceUsage, PlacementPool } from './pool.ts';
import type { Refusal } from './refusal.ts';
import { ruleHolds, type PlacementRequest } from './request.ts';

export interface Placed {
  readonly kind: 'placed';
  /** In gluster's order, as a volume's record keeps them. */
  readonly brickSets: BrickRecord[][];
  /** Usable bytes, really allocated: at least what was asked for. */
  readonly size: Bytes;
}

/** Plans a new volume. Never throws for anything that a valid request can ask. */
export function placeVolume(pool: PlacementPool, request: PlacementRequest): Placed | Refusal {
  const count = bricksPerSet(request.durability);
  const data = request.durability.kind === 'disperse' ? request.durability.data : 1;
  const size = roundUp(Math.max(request.size / data, request.limits.minBrickSize), extentSize);
  const footprint = brickFootprint({ size, snapshotFactor: request.snapshotFactor }).total;
  const chosen: DeviceUsage[] = [];
  const open = pool
    .devices()
    .filter((device) => device.unusable === undefined && device.free >= footprint * 1.005)
    .filter((device) => (request.tagMatch ?? []).every((rule) => ruleHolds(rule, device.tags)))
    .sort((a, b) => (b.free - footprint) / b.size - (a.free - footprint) / a.size);
  while (chosen.length < count) {
    const zones = new Set(chosen.map((device) => device.zone));
    const others = open.filter((device) => chosen.every((taken) => taken.node !== device.node));
    const next = others.find((device) => request.zoneSpread === 'off' || !zones.has(device.zone)) ?? others[0];
    if (next === undefined || (request.zoneSpread === 'require' && zones.has(next.zone))) {
      return {
        kind: 'refused',
        permanent: false,
        shortfall: `${describeDurability(request.durability)} needs ${count} nodes with ${describeSize(footprint)} free; ${chosen.length} have it`,
      };
    }
    chosen.push(next);
  }
  const bricks = chosen.map((device, position) => ({
    id: brickIdFor(request.volume, 0, position),
    node: device.node,
    device: device.device,
    size,
    footprint,
    arbiter: request.durability.kind === 'arbiter' && position === 2,
  }));
  return { kind: 'placed', brickSets: [bricks], size: roundUp(size * data, 1) };
}

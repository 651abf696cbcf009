/** Fills the pools of bench/workload.ts in order until the first refusal. Arguments: seeds (default several). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { placeVolume } from '../src/domain/placement/place.ts';
import { PlacementPool } from '../src/domain/placement/pool.ts';
import { defaultLimits, type PlacementRequest } from '../src/domain/placement/request.ts';
import { brickFootprint } from '../src/domain/placement/footprint.ts';
import type { Bytes } from '../src/domain/quantity.ts';
import type { ZoneSpread } from '../src/domain/placement-rules.ts';
import { fillPicture, type Sample } from './fill-picture.ts';
import { numbered, variants, variantTexts, workload, type Variant } from './workload.ts';

const bricks = 3;
const defaultSeeds = [20240607, 1, 2, 3, 4, 5];
const samplesPerRun = 200;

interface Result {
  /** Space allocated before the first refusal, of what replication allows, in percent. */
  readonly fill: number;
  /** The same for an allocator that could cut volumes into dust: it too ends at the first that does not fit. */
  readonly dust: number;
  /** Standard deviation of device use when half of the pool is used, in points. */
  readonly spread: number;
  /** The same, of each device from the mean of its zone. */
  readonly spreadInZones: number;
  /** What the zones force: the deviation if every device had the use of its zone. */
  readonly forced: number;
  /** Sets with two bricks in a zone, of all sets, in percent. */
  readonly sharing: number;
  /** Volumes with such a set although one without would have fitted at that time. */
  readonly avoidable: number;
  readonly volumes: number;
  readonly setsPerVolume: number;
  readonly samples: readonly Sample[];
}

export function run(args: readonly string[]): void {
  const seeds = args.length > 0 ? args.map(Number) : defaultSeeds;
  mkdirSync('bench/out', { recursive: true });
  console.log(legend);
  for (const variant of variants) {
    console.log(`\n${variant}: ${variantTexts[variant]}`);
    console.log(columns.map((text) => text.padStart(10)).join(' '));
    for (const seed of seeds) {
      for (const zoneSpread of ['prefer', 'off'] as const) {
        const result = fill(variant, seed, zoneSpread);
        print(seed, zoneSpread, result);
        if (seed === seeds[0] && zoneSpread === 'prefer') {
          const title = `${variant}: ${variantTexts[variant]} (seed ${seed})`;
          writeFileSync(`bench/out/fill-${variant}.svg`, fillPicture(title, result.samples));
        }
      }
    }
  }
  console.log('\nPictures: bench/out/fill-*.svg');
}

const columns = [
  'seed',
  'zones',
  'fill %',
  'dust %',
  'std 50 %',
  'in zones',
  'forced',
  'sharing %',
  'avoidable',
  'volumes',
  'sets/vol',
];
const legend = `fill: allocated before the first refusal, of what replicate ${bricks} over distinct nodes allows
dust: the same if volumes could be cut into dust; no allocator gets further than the first volume that is too large
std 50 %: standard deviation of device use at half full, in points; in zones: from the mean of the device's own zone
forced: what unequal zones make of it when every set is spread over them, however well devices are chosen
sharing: sets with two bricks in one zone; avoidable: volumes with one although zoneSpread require would have been placed`;

function print(seed: number, zoneSpread: ZoneSpread, result: Result): void {
  const row = [
    seed,
    zoneSpread,
    result.fill.toFixed(2),
    result.dust.toFixed(2),
    result.spread.toFixed(2),
    result.spreadInZones.toFixed(2),
    result.forced.toFixed(2),
    result.sharing.toFixed(1),
    zoneSpread === 'off' ? '-' : result.avoidable,
    result.volumes,
    result.setsPerVolume.toFixed(2),
  ];
  console.log(row.map((cell) => String(cell).padStart(10)).join(' '));
}

function fill(variant: Variant, seed: number, zoneSpread: ZoneSpread): Result {
  const { nodes, volumes } = workload(variant, seed);
  const pool = new PlacementPool();
  for (const node of nodes) {
    pool.upsertNode(node);
  }
  const capacity = pool.devices().reduce((sum, { size }) => sum + size, 0);
  const samples: Sample[] = [];
  let used = 0;
  let half: Deviation | undefined;
  const count = { volumes: 0, sets: 0, sharing: 0, avoidable: 0 };
  for (const [number, size] of volumes.entries()) {
    const request = requestFor(number, size, zoneSpread);
    const answer = placeVolume(pool, request);
    if (answer.kind !== 'placed') {
      break;
    }
    const sharing = answer.brickSets.filter(
      (set) => new Set(set.map(({ node }) => pool.node(node)?.zone)).size < bricks,
    );
    if (sharing.length > 0 && zoneSpread === 'prefer') {
      count.avoidable += placeVolume(pool, { ...request, zoneSpread: 'require' }).kind === 'placed' ? 1 : 0;
    }
    for (const brick of answer.brickSets.flat()) {
      pool.occupy(brick);
      used += brick.footprint;
    }
    count.volumes += 1;
    count.sets += answer.brickSets.length;
    count.sharing += sharing.length;
    half ??= used >= capacity / 2 ? deviation(pool) : undefined;
    if (used / capacity >= samples.length / samplesPerRun) {
      samples.push(sample(pool, used / capacity));
    }
  }
  const allowed = allowance(pool);
  return {
    fill: (100 * used) / allowed,
    dust: dustFill(volumes, allowed),
    spread: half?.all ?? NaN,
    spreadInZones: half?.inZones ?? NaN,
    forced: half?.forced ?? NaN,
    sharing: (100 * count.sharing) / count.sets,
    avoidable: count.avoidable,
    volumes: count.volumes,
    setsPerVolume: count.sets / count.volumes,
    samples,
  };
}

function requestFor(number: number, size: Bytes, zoneSpread: ZoneSpread): PlacementRequest {
  return {
    volume: numbered(number),
    size,
    durability: { kind: 'replicate', count: bricks },
    snapshotFactor: 1,
    zoneSpread,
    preferredZones: [],
    limits: { ...defaultLimits, maxVolumesPerCluster: 1_000_000 },
  };
}

/** Bytes that sets on distinct nodes can use: `bricks * t`, where `t` solves sum(min(node, t)) = bricks * t. */
function allowance(pool: PlacementPool): number {
  const nodes = new Map<string, number>();
  for (const { node, size } of pool.devices()) {
    nodes.set(node, (nodes.get(node) ?? 0) + size);
  }
  const capacities = [...nodes.values()].sort((a, b) => b - a);
  let rest = capacities.reduce((sum, size) => sum + size, 0);
  for (const [place, size] of capacities.slice(0, bricks).entries()) {
    if (size <= rest / (bricks - place)) {
      return (bricks * rest) / (bricks - place);
    }
    rest -= size;
  }
  return 0;
}

function dustFill(volumes: readonly Bytes[], allowed: number): number {
  let used = 0;
  for (const size of volumes) {
    const more = bricks * brickFootprint({ size, snapshotFactor: 1 }).total;
    if (used + more > allowed) {
      break;
    }
    used += more;
  }
  return (100 * used) / allowed;
}

interface Deviation {
  readonly all: number;
  readonly inZones: number;
  readonly forced: number;
}

function deviation(pool: PlacementPool): Deviation {
  const devices = pool.devices().map(({ used, size, zone }) => ({ use: (100 * used) / size, used, size, zone }));
  const zones = Map.groupBy(devices, ({ zone }) => zone);
  const zoneUse = new Map(
    [...zones].map(([zone, members]) => [
      zone,
      (100 * members.reduce((sum, { used }) => sum + used, 0)) / members.reduce((sum, { size }) => sum + size, 0),
    ]),
  );
  const ofZone = devices.map(({ zone }) => zoneUse.get(zone) ?? 0);
  return {
    all: standardDeviation(devices.map(({ use }) => use)),
    inZones: Math.sqrt(mean(devices.map(({ use }, index) => (use - (ofZone[index] ?? 0)) ** 2))),
    forced: standardDeviation(ofZone),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardDeviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

function sample(pool: PlacementPool, level: number): Sample {
  return { level, devices: pool.devices().map(({ used, size, zone }) => ({ use: used / size, size, zone })) };
}

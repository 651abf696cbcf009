/** CPU time of one plan. The pools are half full, with volumes of all sizes; plans are made and thrown away. */
import { placeVolume } from '../src/domain/placement/place.ts';
import { PlacementPool } from '../src/domain/placement/pool.ts';
import { defaultLimits, type PlacementRequest } from '../src/domain/placement/request.ts';
import { bytes, GiB, TiB } from '../src/domain/quantity.ts';
import { makeNode, mulberry32, numbered } from './workload.ts';

interface Case {
  readonly devices: number;
  readonly volumes: number;
  readonly devicesPerNode: number;
  readonly zones: number;
  /** Milliseconds of CPU that heketi takes for the same, where it was measured. */
  readonly heketi?: number;
}

const cases: readonly Case[] = [
  { devices: 48, volumes: 0, devicesPerNode: 4, zones: 4, heketi: 19 },
  { devices: 48, volumes: 5000, devicesPerNode: 4, zones: 4, heketi: 357 },
  { devices: 400, volumes: 1000, devicesPerNode: 8, zones: 5 },
  { devices: 2000, volumes: 0, devicesPerNode: 20, zones: 5 },
  { devices: 2000, volumes: 5000, devicesPerNode: 20, zones: 5, heketi: 598 },
  { devices: 2000, volumes: 5000, devicesPerNode: 20, zones: 100 },
  { devices: 20_000, volumes: 5000, devicesPerNode: 20, zones: 10 },
];

/** Volume sizes in GiB. The largest is cut into sets, so its plan lays many. */
const sizes = [10, 100, 1000] as const;
const seeds = [20240607, 1, 2, 3, 4];
const plansPerRound = 400;
/** Milliseconds, for pools of up to that many devices; what lies above shows how it grows. */
const budget = 0.5;
const budgetedDevices = 2000;

export function run(): void {
  console.log(
    `CPU milliseconds per plan (median of ${seeds.length} seeds), replicate 3, zones preferred. Budget: ${budget} ms.`,
  );
  const head = ['devices', 'volumes', 'zones', ...sizes.map((size) => `${size} GiB`), 'refusal', 'heketi', 'ratio'];
  console.log(head.map((text) => text.padStart(9)).join(' '));
  let worst = 0;
  for (const each of cases) {
    const rounds = seeds.map((seed) => measure(each, seed));
    const plans = sizes.map((_, index) => median(rounds.map(({ plans }) => plans[index] ?? NaN)));
    const refusal = median(rounds.map((round) => round.refusal));
    worst = each.devices > budgetedDevices ? worst : Math.max(worst, ...plans);
    const ratio = each.heketi === undefined ? '' : `${Math.round(each.heketi / (plans[0] ?? NaN))}x`;
    const row = [
      each.devices,
      each.volumes,
      each.zones,
      ...plans.map(rounded),
      rounded(refusal),
      each.heketi ?? '',
      ratio,
    ];
    console.log(row.map((cell) => String(cell).padStart(9)).join(' '));
  }
  console.log(
    `worst plan up to ${budgetedDevices} devices: ${rounded(worst)} ms; within the budget: ${worst <= budget ? 'yes' : 'NO'}`,
  );
  if (worst > budget) {
    process.exitCode = 1;
  }
}

function measure(each: Case, seed: number): { plans: number[]; refusal: number } {
  const pool = filled(each, seed);
  const plans = sizes.map((size) => {
    const plan = (number: number): void => {
      const answer = placeVolume(pool, request(number, size));
      if (answer.kind !== 'placed') {
        throw new Error(`expected a place for ${size} GiB, got: ${answer.shortfall}`);
      }
    };
    return cpuPerCall(plansPerRound, plan);
  });
  // No device holds a tenth of it, so every number of sets is tried and every remedy as well.
  const limits = { ...defaultLimits, maxVolumesPerCluster: 1_000_000, maxBrickSize: bytes(1024 * TiB) };
  const refusal = cpuPerCall(5, (number) => {
    const answer = placeVolume(pool, { ...request(number, 85 * 1024), limits });
    if (answer.kind === 'placed') {
      throw new Error('expected a refusal of 85 TiB, got a place');
    }
  });
  return { plans, refusal };
}

/** A pool with that many volumes, together about half of what it holds. */
function filled({ devices, volumes, devicesPerNode, zones }: Case, seed: number): PlacementPool {
  const random = mulberry32(seed);
  const pool = new PlacementPool();
  const tebibytes = [1, 2, 3, 4, 6, 8];
  for (let node = 0; node < devices / devicesPerNode; node += 1) {
    const gib = Array.from({ length: devicesPerNode }, () => (tebibytes[Math.floor(random() * 6)] ?? 1) * 1024);
    pool.upsertNode(makeNode(node, `z${node % zones}`, gib));
  }
  const capacity = pool.devices().reduce((sum, { size }) => sum + size, 0);
  const mean = volumes === 0 ? 0 : capacity / 2 / 3 / volumes / GiB;
  for (let number = 0; number < volumes; number += 1) {
    const answer = placeVolume(pool, request(number, Math.max(1, Math.round(mean * (0.1 + 1.8 * random())))));
    for (const brick of answer.kind === 'placed' ? answer.brickSets.flat() : []) {
      pool.occupy(brick);
    }
  }
  return pool;
}

function request(number: number, gib: number): PlacementRequest {
  return {
    volume: numbered(number),
    size: bytes(gib * GiB),
    durability: { kind: 'replicate', count: 3 },
    snapshotFactor: 1,
    zoneSpread: 'prefer',
    preferredZones: [],
    limits: { ...defaultLimits, maxVolumesPerCluster: 1_000_000 },
  };
}

function cpuPerCall(calls: number, call: (number: number) => void): number {
  for (let number = 0; number < calls; number += 1) {
    call(number + 1_000_000);
  }
  const start = process.cpuUsage();
  for (let number = 0; number < calls; number += 1) {
    call(number + 2_000_000);
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / calls;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function rounded(milliseconds: number): string {
  return milliseconds.toFixed(3);
}

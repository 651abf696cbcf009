/**
 * A refusal is a proof: what was tried, why each zone, node and device was passed over, and what would make it fit. Every
 * `wouldFit` was tried out on the pool before it is claimed.
 */
import { bricksPerSet, describeDurability, durabilityProblem } from '../durability.ts';
import { describeSize } from '../quantity.ts';
import { Company, type Spread } from './company.ts';
import { feasibility } from './exact.ts';
import type { PlacementPool } from './pool.ts';
import { remediesFor, zonesOf, type Fits } from './remedies.ts';
import { describeRemedy, nameZones, type Remedy } from './remedy.ts';
import type { PlacementRequest } from './request.ts';
import { equalBrickSize, setCounts, setShape } from './shape.ts';
import { taskOf, type Task } from './task.ts';
import { describeNode, verdictsOf, type BrickNeed, type ZoneVerdict } from './verdict.ts';

/** One number of equal sets, and how far it is from fitting. */
export interface Attempt {
  readonly sets: number;
  /** Bytes of file system of each data brick. */
  readonly brickSize: number;
  /** Bytes that it takes from a device. */
  readonly footprint: number;
  /** Data bricks in all. */
  readonly needed: number;
  /** Data bricks that fit, counted so that no set has two on one node (or, where zones are required, in one zone). */
  readonly found: number;
}

export interface Refusal {
  readonly kind: 'refused';
  /** True: no topology would change the answer, only another request. False: it may fit later. */
  readonly permanent: boolean;
  /** What is missing, as one sentence without a full stop. */
  readonly shortfall: string;
  /** Empty when the request is refused before any device is looked at. */
  readonly attempts: readonly Attempt[];
  /** For the first attempt. */
  readonly zones: readonly ZoneVerdict[];
  readonly wouldFit: readonly Remedy[];
}

/** Bytes, and characters as well: every name that can stand in a refusal is ASCII by its grammar. */
const longestLine = 1024;

/** One line of at most 1024 bytes, for an event or a log. */
export function describeRefusal(refusal: Refusal): string {
  let line = clip(refusal.shortfall);
  let separator = '. It would fit with ';
  for (const remedy of refusal.wouldFit) {
    const longer = `${line}${separator}${describeRemedy(remedy)}`;
    if (longer.length > longestLine) {
      break;
    }
    line = longer;
    separator = '; or with ';
  }
  return line;
}

function clip(text: string): string {
  return text.length <= longestLine ? text : `${text.slice(0, longestLine - 3)}...`;
}

/** The proof for a request that cannot be placed. `fits` tells whether another one, or in another pool, could. */
export function refuse(pool: PlacementPool, request: PlacementRequest, fits: Fits, bricksThere = 0): Refusal {
  const problem = problemOf(request, bricksThere);
  if (problem !== undefined) {
    return { kind: 'refused', permanent: true, shortfall: problem, attempts: [], zones: [], wouldFit: [] };
  }
  const { maxVolumesPerCluster } = request.limits;
  if (bricksThere === 0 && !pool.hasVolume(request.volume) && pool.volumeCount >= maxVolumesPerCluster) {
    const shortfall = `the cluster has ${pool.volumeCount} volumes, and its limit is ${maxVolumesPerCluster}`;
    return { kind: 'refused', permanent: false, shortfall, attempts: [], zones: [], wouldFit: [] };
  }
  const task = taskOf(pool, request, bricksThere);
  const spread = request.zoneSpread === 'require' ? 'distinct' : 'off';
  const attempts = attemptsOf(task, spread);
  const zones = verdictsOf(pool, needOf(task, attempts[0], spread));
  return {
    kind: 'refused',
    permanent: false,
    shortfall: [shortfallOf(request, attempts, zones), emptyZones(pool, request)]
      .filter((part) => part !== '')
      .join('; '),
    attempts,
    zones,
    wouldFit: remediesFor(task, fits),
  };
}

/** What no topology can help with. */
function problemOf(request: PlacementRequest, bricksThere: number): string | undefined {
  const durability = durabilityProblem(request.durability);
  if (durability !== undefined) {
    return durability;
  }
  const { least, most } = setCounts(request, bricksThere);
  if (least <= most) {
    return undefined;
  }
  const { maxBrickSize, maxBricksPerVolume } = request.limits;
  const there = bricksThere === 0 ? '' : ` beside the ${bricksThere} that it has`;
  return (
    `${describeDurability(request.durability)} of ${describeSize(request.size)} needs ${least} sets of ` +
    `${bricksPerSet(request.durability)} bricks of at most ${describeSize(maxBrickSize)}${there}, and the limit is ` +
    `${maxBricksPerVolume} bricks a volume`
  );
}

function attemptsOf(task: Task, spread: Spread): readonly Attempt[] {
  const { least, most } = setCounts(task.request, task.bricksThere);
  const attempts: Attempt[] = [];
  for (let sets = least; sets <= most; sets += 1) {
    const shape = setShape(task.request, equalBrickSize(task.request, sets));
    const { footprint, size } = shape.data;
    const query = { footprint, bricks: shape.dataBricks, spread, tie: task.tie, preferredZones: [] };
    attempts.push({ sets, brickSize: size, footprint, ...feasibility(task.data, query, sets) });
  }
  return attempts;
}

/** The brick that is missing: of data, or, where all data bricks would fit, the arbiter. */
function needOf(task: Task, attempt: Attempt | undefined, spread: Spread): BrickNeed {
  const rules = task.request.tagMatch ?? [];
  const { arbiter, data } = setShape(task.request, equalBrickSize(task.request, attempt?.sets ?? 1));
  const common = { rules, allowedZones: task.request.allowedZones, spread, company: new Company() };
  return arbiter !== undefined && attempt !== undefined && attempt.found >= attempt.needed
    ? { role: 'arbiter', footprint: arbiter.footprint, ...common }
    : { role: 'data', footprint: data.footprint, ...common };
}

function shortfallOf(request: PlacementRequest, attempts: readonly Attempt[], zones: readonly ZoneVerdict[]): string {
  const [first] = attempts;
  if (first === undefined) {
    return `${describeDurability(request.durability)} of ${describeSize(request.size)} does not fit`;
  }
  const groups = request.zoneSpread === 'require' ? 'zones' : 'nodes';
  const having = namesOfThoseThatFit(groups, zones);
  const data = first.needed / first.sets;
  const free = describeSize(first.footprint);
  const subject = `${describeDurability(request.durability)} of ${describeSize(request.size)}`;
  const have =
    having.length === 0
      ? 'none has it'
      : `${having.length} ${having.length === 1 ? 'has' : 'have'} it (${listed(having)})`;
  const wanted =
    first.found >= first.needed
      ? `${subject} finds room for its data bricks, but not for an arbiter on another of the ${groups}`
      : having.length < data || first.sets === 1
        ? `${subject} needs ${data} ${groups} with ${free} free on a device; ${have}`
        : `${subject} needs ${first.needed} bricks of ${free} in ${first.sets} sets, no two of a set on one of the ${groups}; ${first.found} fit (${listed(having)})`;
  return [wanted, missing(zones), finer(attempts)].filter((part) => part !== '').join('; ');
}

function namesOfThoseThatFit(groups: 'zones' | 'nodes', zones: readonly ZoneVerdict[]): string[] {
  return groups === 'zones'
    ? zones.filter(({ nodes }) => nodes.some(({ bricks }) => bricks > 0)).map(({ zone }) => zone)
    : zones.flatMap(({ nodes }) => nodes.filter(({ bricks }) => bricks > 0).map(({ node }) => node));
}

/** What the nodes that take nothing say, at most that many of them. */
const nodesNamed = 4;

function missing(zones: readonly ZoneVerdict[]): string {
  const texts = zones.flatMap(({ nodes }) => nodes.flatMap((node) => describeNode(node) ?? []));
  const more = texts.length - nodesNamed;
  return [...texts.slice(0, nodesNamed), ...(more > 0 ? [`${more} more nodes take none`] : [])].join(', ');
}

/** Allowed zones that have no storage at all: they may be misspelt, or named otherwise in the topology of the storage. */
function emptyZones(pool: PlacementPool, { allowedZones = [] }: PlacementRequest): string {
  const there = zonesOf(pool);
  const without = allowedZones.filter((zone) => !there.includes(zone));
  return without.length === 0
    ? ''
    : `no storage node is in ${nameZones(without)}: those that are known are in ${nameZones(there)}`;
}

function finer(attempts: readonly Attempt[]): string {
  const rest = attempts.slice(1);
  const closest = rest.reduce<Attempt | undefined>(
    (best, next) => (best === undefined || next.found / next.needed > best.found / best.needed ? next : best),
    undefined,
  );
  const last = rest.at(-1);
  if (closest === undefined || last === undefined) {
    return '';
  }
  return (
    `cut into up to ${last.sets} sets it does not fit either (closest: ${closest.sets} sets need ${closest.needed} ` +
    `bricks of ${describeSize(closest.footprint)}, ${closest.found} fit)`
  );
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 6).join(', ');
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}

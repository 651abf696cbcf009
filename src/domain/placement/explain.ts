/** Plans and refusals at length, as lines of text for `--explain`. */
import { describeDurability } from '../durability.ts';
import { describeSize } from '../quantity.ts';
import type { Placed } from './place.ts';
import { usageOf, type PlacementPool } from './pool.ts';
import type { Refusal } from './refusal.ts';
import { describeRemedy } from './remedy.ts';
import type { PlacementRequest } from './request.ts';
import { describePassedOver, type DeviceVerdict, type NodeVerdict } from './verdict.ts';

/** Where each brick would go, and what that does to its device. */
export function explainPlaced(pool: PlacementPool, request: PlacementRequest, placed: Placed): string[] {
  const lines = [
    `${describeDurability(request.durability)} of ${describeSize(placed.size)} fits in ${counted(placed.brickSets.length, 'brick set')}`,
  ];
  for (const [number, set] of placed.brickSets.entries()) {
    lines.push(`set ${number + 1}`);
    for (const brick of set) {
      const seat = pool.seat(brick.node, brick.device);
      const usage = seat === undefined ? undefined : usageOf(seat);
      const zone = usage === undefined ? '' : ` (zone ${usage.zone})`;
      const fill =
        usage === undefined
          ? ''
          : `: ${share(usage.used, usage.size)} used, ${share(usage.used + brick.footprint, usage.size)} after`;
      const what = brick.arbiter ? 'arbiter ' : '';
      lines.push(
        `  node ${brick.node}${zone} ${brick.device}: ${what}${describeSize(brick.size)}, takes ${describeSize(brick.footprint)}${fill}`,
      );
    }
  }
  return lines;
}

/** The proof as a tree: the shortfall, what was tried, zones, nodes, devices, and what would help. */
export function explainRefusal(refusal: Refusal): string[] {
  const lines = [refusal.shortfall];
  for (const { sets, footprint, needed, found } of refusal.attempts) {
    lines.push(
      `tried ${counted(sets, 'set')}: needs ${counted(needed, 'brick')} of ${describeSize(footprint)}, room for ${found}`,
    );
  }
  for (const { zone, nodes } of refusal.zones) {
    lines.push(zone === '' ? 'no zone' : `zone ${zone}`, ...nodes.flatMap(explainNode));
  }
  for (const remedy of refusal.wouldFit) {
    lines.push(`would fit with ${describeRemedy(remedy)}`);
  }
  return lines;
}

function explainNode({ node, devices }: NodeVerdict): string[] {
  return [
    `  node ${node}${devices.length === 0 ? ': no devices' : ''}`,
    ...devices.map((verdict) => `    ${verdict.device} ${explainDevice(verdict)}`),
  ];
}

function explainDevice({ free, size, bricks, passedOver }: DeviceVerdict): string {
  if (passedOver !== undefined) {
    return describePassedOver(passedOver).replace(/^: /, 'is not used: ');
  }
  return `has ${describeSize(free)} of ${describeSize(size)} free, room for ${counted(bricks, 'brick')}`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function share(used: number, size: number): string {
  return `${((100 * used) / Math.max(1, size)).toFixed(1)} %`;
}

/** What would make a refused request fit. */
import type { DeviceName, NodeId } from '../names.ts';
import { describeSize, type Bytes } from '../quantity.ts';

/** One change that is enough by itself. Sizes in bytes. */
export type Remedy =
  | { readonly kind: 'node online'; readonly node: NodeId }
  | { readonly kind: 'node reachable'; readonly node: NodeId }
  | { readonly kind: 'device online'; readonly node: NodeId; readonly device: DeviceName }
  /** It answers; what was observed about it has to be put right. */
  | { readonly kind: 'node in order'; readonly node: NodeId }
  | { readonly kind: 'device in order'; readonly node: NodeId; readonly device: DeviceName }
  /** That much more room on each of these devices: by growing it, reserving less or deleting from it. */
  | { readonly kind: 'more room'; readonly devices: readonly MoreRoom[] }
  /** That many more nodes, each in a zone of its own, with one device of at least that size for bricks. */
  | {
      readonly kind: 'more nodes';
      readonly count: number;
      readonly size: Bytes;
      /** Zones that they have to be in. Absent: any. */
      readonly zones?: readonly string[];
    }
  | { readonly kind: 'smaller volume'; readonly size: Bytes }
  | { readonly kind: 'zone spread'; readonly zoneSpread: 'prefer' }
  | { readonly kind: 'no tag rules' }
  /** Bricks may go to these zones as well. */
  | { readonly kind: 'zones allowed'; readonly zones: readonly string[] };

export interface MoreRoom {
  readonly node: NodeId;
  readonly device: DeviceName;
  readonly by: Bytes;
}

/** After `it would fit with`. */
export function describeRemedy(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'node online':
      return `node ${remedy.node} online`;
    case 'node reachable':
      return `node ${remedy.node} answering`;
    case 'device online':
      return `device ${remedy.device} of node ${remedy.node} online`;
    case 'node in order':
      return `node ${remedy.node} in order again`;
    case 'device in order':
      return `device ${remedy.device} of node ${remedy.node} in order again`;
    case 'more room': {
      const places = remedy.devices.map(
        ({ node, device, by }) => `${describeSize(by)} more on ${device} of node ${node}`,
      );
      return places.join(' and ');
    }
    case 'more nodes': {
      const nodes =
        remedy.count === 1
          ? 'one more node'
          : `${remedy.count} more nodes${remedy.zones === undefined ? ', each in another zone,' : ''}`;
      const where = remedy.zones === undefined ? '' : ` in ${nameZones(remedy.zones)}`;
      return `${nodes}${where} with a device of ${describeSize(remedy.size)}`;
    }
    case 'smaller volume':
      return `a size of at most ${describeSize(remedy.size)}`;
    case 'zone spread':
      return 'zoneSpread prefer';
    case 'no tag rules':
      return 'no tag rules';
    case 'zones allowed':
      return `${nameZones(remedy.zones)} allowed as well`;
  }
}

/** `zone a`, `zones a, b`. */
export function nameZones(zones: readonly string[]): string {
  return `zone${zones.length === 1 ? '' : 's'} ${zones.join(', ')}`;
}

import { done, rejected, type Outcome } from '../domain/outcome.ts';
import type { NodeRecord, PlacementState } from '../domain/topology.ts';
import type { PlacementTarget, StateChange } from './api.ts';
import type { Topology } from './topology.ts';

/**
 * Says whether new bricks may go to the node or device. The record is written first when that opens a place, and
 * placement is told first when it closes one, so that no plan that is made meanwhile uses what the record does not allow.
 * Idempotent. `rejected` when there is no such node or device; `unknown` when the record may or may not be written, which
 * a second call settles. What is there already is not touched: in this version nothing moves off a failed device.
 */
export async function setPlacementState(
  topology: Topology,
  target: PlacementTarget,
  state: PlacementState,
): Promise<Outcome<StateChange>> {
  let before: PlacementState | undefined;
  const written = await topology.changeNode(target.node, state !== 'online', (node) => {
    before = stateOf(node, target);
    return before === undefined || before === state ? undefined : withState(node, target, state);
  });
  if (written.kind !== 'done') {
    return written;
  }
  return before === undefined ? rejected(nothingThere(target)) : done({ changed: before !== state, before });
}

function stateOf(node: NodeRecord, { device }: PlacementTarget): PlacementState | undefined {
  return device === undefined ? node.state : node.devices.find(({ name }) => name === device)?.state;
}

function withState(node: NodeRecord, { device }: PlacementTarget, state: PlacementState): NodeRecord {
  if (device === undefined) {
    return { ...node, state };
  }
  return { ...node, devices: node.devices.map((each) => (each.name === device ? { ...each, state } : each)) };
}

function nothingThere({ node, device }: PlacementTarget): string {
  return device === undefined
    ? `node: expected a node of the topology, got ${JSON.stringify(node)}`
    : `device: expected a device of a node of the topology, got ${JSON.stringify(`${node}:${device}`)}`;
}

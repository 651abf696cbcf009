/** `pool list`, `peer probe` and `peer detach`. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { detachRefusal, refusal, success } from './answers.ts';
import type { PoolBrick, TrustedPool } from './pool.ts';

export function listPool(pool: TrustedPool, origin: Machine): ToolResult {
  const away = pool.away(origin);
  const others = pool.members
    .filter((machine) => machine !== origin)
    .map((machine) => ({
      uuid: machine.uuid,
      hostname: machine.storage,
      hostnames: { hostname: machine.storage },
      connected: away.includes(machine) ? 0 : 1,
      ...(pool.rejects(origin, machine)
        ? { state: 6, stateStr: 'Peer Rejected' }
        : { state: 3, stateStr: 'Peer in Cluster' }),
    }));
  return success({ peerStatus: { peer: [...others, { uuid: origin.uuid, hostname: 'localhost', connected: 1 }] } });
}

/** What a probe needs to know of the world outside the pool. */
export interface World {
  /** The machine that a host name leads to. */
  machineAt(host: string): Machine | undefined;
  poolOf(machine: Machine): TrustedPool;
  /** The machine leaves its own pool for this one. */
  join(machine: Machine, pool: TrustedPool): void;
  /** The machine is alone in a pool of its own from now on, with the volumes that have all their bricks on it. */
  leave(machine: Machine): void;
  /** Monotonic milliseconds. */
  now(): number;
}

export function probe(world: World, pool: TrustedPool, origin: Machine, host: string): ToolResult {
  const machine = world.machineAt(host);
  if (machine === origin) {
    return success({ output: 'Probe on localhost not needed' }, 1);
  }
  if (machine !== undefined && pool.members.includes(machine)) {
    return success({ output: `Host ${host} port 24007 already in peer list` }, 2);
  }
  if (machine === undefined || !machine.glusterdUp || machine.cutFor !== undefined) {
    return refusal('Probe returned with Transport endpoint is not connected', 107);
  }
  const other = world.poolOf(machine);
  if (other.members.length > 1 || other.volumes.length > 0) {
    return refusal(`${host} is either already part of another cluster or having volumes configured`, 3);
  }
  world.join(machine, pool);
  return success({ output: 'success' });
}

const isOn = (bricks: readonly PoolBrick[], machine: Machine): boolean =>
  bricks.some((brick) => brick.machine === machine);

export const isWhollyOn = (bricks: readonly PoolBrick[], machine: Machine): boolean =>
  bricks.every((brick) => brick.machine === machine);

export function detach(world: World, pool: TrustedPool, origin: Machine, host: string): ToolResult {
  const machine = pool.member(host);
  if (machine === undefined) {
    return detachRefusal(`${host} is not part of cluster`, 2);
  }
  if (machine === origin) {
    return detachRefusal(`${host} is localhost`, 1);
  }
  // A volume that has all of them there is no reason: it leaves the pool with the node.
  if (pool.volumes.some(({ bricks }) => isOn(bricks, machine) && !isWhollyOn(bricks, machine))) {
    const text =
      `Peer ${host} hosts one or more bricks. If the peer is in not recoverable state then use either replace-brick or ` +
      'remove-brick command with force to remove all bricks from the peer and attempt the peer detach again.';
    return detachRefusal(text, 3, 1);
  }
  const connected = pool.connected(origin);
  if (pool.members.some((member) => member !== machine && !connected.includes(member))) {
    return detachRefusal("One of the peers is probably down. Check with 'peer status'", 4);
  }
  world.leave(machine);
  return success({ output: 'success' });
}

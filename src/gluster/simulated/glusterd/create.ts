/** `volume create`, with everything that it checks and everything that a failed one leaves behind. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { refusal, success } from './answers.ts';
import { volumeMark, type PoolBrick, type PoolVolume, type TrustedPool } from './pool.ts';

interface Wish {
  readonly name: string;
  readonly replica: number;
  readonly arbiters: number;
  readonly disperse: number;
  readonly redundancy: number;
  readonly bricks: readonly string[];
}

/** Reads the words after `volume create`; `undefined` when they are no such command. */
function wishOf([name, ...words]: readonly string[]): Wish | undefined {
  const counts = { replica: 1, arbiter: 0, disperse: 0, redundancy: 0 };
  let rest = words;
  for (const key of ['replica', 'arbiter', 'disperse', 'redundancy'] as const) {
    if (rest[0] === key) {
      counts[key] = Number(rest[1]);
      rest = rest.slice(2);
    }
  }
  const whole = Object.values(counts).every((count) => Number.isInteger(count));
  const bricks = rest.every((word) => /^[^/]+:\/.+$/.test(word));
  return name === undefined || rest.length === 0 || !whole || !bricks
    ? undefined
    : {
        name,
        replica: counts.replica,
        arbiters: counts.arbiter,
        disperse: counts.disperse,
        redundancy: counts.redundancy,
        bricks: rest,
      };
}

export function createVolume(
  pool: TrustedPool,
  origin: Machine,
  words: readonly string[],
  newUuid: () => string,
): ToolResult | undefined {
  const wish = wishOf(words);
  if (wish === undefined) {
    return undefined;
  }
  if (pool.volume(wish.name) !== undefined) {
    return refusal(`Volume ${wish.name} already exists`, 0);
  }
  const uuid = newUuid();
  const places = wish.bricks.map(placeOf);
  const refused = claimBricks(pool, origin, places, { ...wish, uuid });
  if (refused !== undefined) {
    return refusal(refused);
  }
  if (places.length % Math.max(wish.replica, wish.disperse, 1) !== 0) {
    return refusal('Failed to create volume files');
  }
  const bricks = bricksAt(pool, places, wish);
  const volume: PoolVolume = { ...wish, uuid, status: 'created', bricks, options: new Map(), emptied: new Map() };
  pool.add(volume);
  return success({ volCreate: { volume: { name: wish.name, id: uuid } } });
}

export interface Place {
  readonly host: string;
  readonly path: string;
}

export const placeOf = (text: string): Place => ({
  host: text.slice(0, text.indexOf(':/')),
  path: text.slice(text.indexOf(':/') + 1),
});

type Layout = Pick<PoolVolume, 'replica' | 'arbiters' | 'disperse'>;

/** Checks and marks the bricks of a volume with that UUID. Gluster's words when it refuses. */
export function claimBricks(
  pool: TrustedPool,
  origin: Machine,
  places: readonly Place[],
  { replica, disperse, uuid }: Layout & { readonly uuid: string },
): string | undefined {
  if (setSharesHost(places, Math.max(replica, disperse, 1))) {
    const kind = disperse > 0 ? 'disperse' : 'replicate';
    return (
      `Multiple bricks of a ${kind} volume are present on the same server. This setup is not optimal. Bricks should be ` +
      "on different nodes to have best fault tolerant configuration. Use 'force' at the end of the command if you " +
      'want to override this behavior. '
    );
  }
  return onOrigin(pool, origin, places, uuid) ?? onPeers(pool, origin, places, uuid);
}

/** The bricks as a volume has them. */
export function bricksAt(
  pool: TrustedPool,
  places: readonly Place[],
  { replica, arbiters, disperse }: Layout,
): readonly PoolBrick[] {
  const perSet = Math.max(replica, disperse, 1);
  return places.flatMap(({ host, path }, index): readonly PoolBrick[] => {
    const machine = pool.member(host);
    const arbiter = arbiters > 0 && index % perSet === perSet - 1;
    return machine === undefined ? [] : [{ machine, host, path, arbiter }];
  });
}

function setSharesHost(places: readonly Place[], perSet: number): boolean {
  return places.some((place, index) => {
    const start = index - (index % perSet);
    return perSet > 1 && places.slice(start, index).some(({ host }) => host === place.host);
  });
}

/**
 * The node that was asked goes through the bricks in order: it checks the hosts of the others, and marks its own at
 * once. So a host that turns out to be unknown leaves the marks of the bricks before it behind.
 */
function onOrigin(pool: TrustedPool, origin: Machine, places: readonly Place[], uuid: string): string | undefined {
  for (const { host, path } of places) {
    const machine = pool.member(host);
    if (machine === undefined || pool.rejects(origin, machine)) {
      return `Host ${host} is not in 'Peer in Cluster' state`;
    }
    if (machine !== origin && !pool.connected(origin).includes(machine)) {
      return `Host ${host} not connected`;
    }
    if (machine === origin) {
      const trouble = taken(pool, origin, host, path) ?? marked(origin, host, path, uuid);
      if (trouble !== undefined) {
        return trouble;
      }
    }
  }
  return undefined;
}

/** Then all others check and mark theirs, each for itself: one that fails does not take back what others have marked. */
function onPeers(pool: TrustedPool, origin: Machine, places: readonly Place[], uuid: string): string | undefined {
  const troubles = places.flatMap(({ host, path }): readonly string[] => {
    const machine = pool.member(host);
    if (machine === undefined || machine === origin) {
      return [];
    }
    const trouble = taken(pool, machine, host, path) ?? marked(machine, host, path, uuid);
    if (trouble === undefined) {
      return [];
    }
    // Of a brick that is missing elsewhere, this is all that one is told.
    return [
      /No such file/.test(trouble) ? 'Failed to create volume files' : `Staging failed on ${host}. Error: ${trouble}`,
    ];
  });
  return troubles.length === 0 ? undefined : troubles.join('\n');
}

export const taken = (pool: TrustedPool, machine: Machine, host: string, path: string): string | undefined =>
  pool.isTaken(machine, path)
    ? `Brick: ${host}:${path} not available. Brick may be containing or be contained by an existing brick.`
    : undefined;

/** With `force`, as a replacement has it, only a missing parent is in the way. */
export function marked(
  machine: Machine,
  host: string,
  path: string,
  uuid: string,
  { force }: { readonly force: boolean } = { force: false },
): string | undefined {
  const { files } = machine;
  if (files.find(path.slice(0, path.lastIndexOf('/'))) === undefined) {
    return `Failed to create brick directory for brick ${host}:${path}. Reason : No such file or directory `;
  }
  if (force) {
    files.make(path).attributes.set(volumeMark, uuid);
    return undefined;
  }
  const override = "Or use 'force' at the end of the command if you want to override this behavior.";
  if (files.mountAt(path) !== undefined) {
    return (
      `The brick ${host}:${path} is a mount point. Please create a sub-directory under the mount point and use that ` +
      `as the brick directory. ${override}`
    );
  }
  const directory = files.make(path);
  if (files.onRoot(path)) {
    return (
      `The brick ${host}:${path} is being created in the root partition. It is recommended that you don't use the ` +
      `system's root partition for storage backend. ${override}`
    );
  }
  if (directory.attributes.has(volumeMark)) {
    return `${path} is already part of a volume`;
  }
  directory.attributes.set(volumeMark, uuid);
  return undefined;
}

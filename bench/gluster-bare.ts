/** Whom our rate on a real gluster is held against: bare commands of gluster's, with nothing recorded and nothing looked at. */
import { randomUUID } from 'node:crypto';
import { brickIdFor, volumeId } from '../src/domain/names.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import type { Bytes } from '../src/domain/quantity.ts';
import type { BrickSpec, CallContext, StorageNodes } from '../src/engine/ports.ts';
import type { RealCluster, RealNode } from '../test/gluster/harness/cluster.ts';

/** Whoever makes and deletes volumes, by a name of the bench's. */
export interface Contender {
  create(name: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** A way to make one brick on each node, and to take them away. */
interface Bricks {
  /** The directory that gluster is to serve. */
  make(node: RealNode, name: string): Promise<string>;
  unmake(node: RealNode, name: string): Promise<void>;
}

/** `gluster volume create` and `start`, `stop` and `delete`, on bricks that are made in whatever way. */
export function bare({ nodes }: RealCluster, bricks: Bricks): Contender {
  const gluster = async (verb: string, ...words: readonly string[]): Promise<void> => {
    await nodes[0]?.must('gluster', '--mode=script', 'volume', verb, ...words);
  };
  return {
    create: async (name) => {
      const made = await Promise.all(nodes.map(async (node) => `${node.storage}:${await bricks.make(node, name)}`));
      await gluster('create', name, 'replica', String(made.length), ...made);
      await gluster('start', name);
    },
    delete: async (name) => {
      await gluster('stop', name);
      await gluster('delete', name);
      await Promise.all(nodes.map((node) => bricks.unmake(node, name)));
    },
  };
}

/** Bricks by the verbs that our own are made by, through the same runner, on each node's second device. */
export async function bricksByVerbs(
  { nodes }: RealCluster,
  storage: StorageNodes,
  size: Bytes,
  context: CallContext,
): Promise<Bricks> {
  const device = ({ devices }: RealNode): BrickSpec['device'] => {
    const [, second] = devices;
    if (second === undefined) {
      throw new Error('expected a node with two devices');
    }
    return second;
  };
  for (const node of nodes) {
    valueOf(await storage.prepareDevice(node, device(node), { wipe: false }, context));
  }
  const ids = new Map<string, BrickSpec['volume']>();
  const specOf = (node: RealNode, name: string): BrickSpec => {
    const volume = ids.get(name) ?? volumeId(randomUUID());
    ids.set(name, volume);
    const id = brickIdFor(volume, 0, nodes.indexOf(node));
    return { id, volume, device: device(node), size, snapshotFactor: 1, arbiter: false };
  };
  return {
    make: async (node, name) =>
      valueOf(await storage.ensureBrick(node, specOf(node, name), { pristine: false }, context)).path,
    unmake: async (node, name) => valueOf(await storage.destroyBrick(node, specOf(node, name), context)),
  };
}

const make =
  'truncate -s "$1" "$2.xfs" && mkfs.xfs -q -i size=512 -n size=8192 "$2.xfs" && mkdir -p "$3" && ' +
  'mount -t xfs -o rw,inode64,noatime,nouuid,loop "$2.xfs" "$3" && mkdir "$3/brick"';
const unmake = 'umount "$2" && rmdir "$2" && rm "$1.xfs"';

/** Bricks by one shell script each, which no crash may meet: the least that can be done. */
export function bricksByShell(size: Bytes): Bricks {
  const placeOf = (node: RealNode, name: string): { readonly file: string; readonly mountpoint: string } => ({
    file: `${node.devices[1]}/${name}`,
    mountpoint: `/var/lib/brickyard/bare/${name}`,
  });
  return {
    make: async (node, name) => {
      const { file, mountpoint } = placeOf(node, name);
      await node.must('sh', '-c', make, 'make', String(size), file, mountpoint);
      return `${mountpoint}/brick`;
    },
    unmake: async (node, name) => {
      const { file, mountpoint } = placeOf(node, name);
      await node.must('sh', '-c', unmake, 'unmake', file, mountpoint);
    },
  };
}

/** Throws for every other outcome. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw new Error(`${outcome.kind}: ${outcome.reason}`);
  }
  return outcome.value;
}

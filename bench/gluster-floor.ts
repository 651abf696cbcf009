/** The least that can be done: one shell script a brick, and bare commands of gluster's, with nothing looked at. */
import type { RealCluster, RealNode } from '../test/gluster/harness/cluster.ts';

const make =
  'truncate -s "$1" "$2.xfs" && mkfs.xfs -q -i size=512 -n size=8192 "$2.xfs" && mkdir -p "$3" && ' +
  'mount -t xfs -o rw,inode64,noatime,nouuid,loop "$2.xfs" "$3" && mkdir "$3/brick"';
const unmake = 'umount "$2" && rmdir "$2" && rm "$1.xfs"';

export class Floor {
  readonly #cluster: RealCluster;
  /** Bytes of each brick. */
  readonly #size: number;

  constructor(cluster: RealCluster, size: number) {
    this.#cluster = cluster;
    this.#size = size;
  }

  async create(name: string): Promise<void> {
    const bricks = await Promise.all(
      this.#cluster.nodes.map(async (node) => {
        const { file, mountpoint } = placeOf(node, name);
        await node.must('sh', '-c', make, 'make', String(this.#size), file, mountpoint);
        return `${node.storage}:${mountpoint}/brick`;
      }),
    );
    await this.#gluster('create', name, 'replica', String(bricks.length), ...bricks);
    await this.#gluster('start', name);
  }

  async delete(name: string): Promise<void> {
    await this.#gluster('stop', name);
    await this.#gluster('delete', name);
    await Promise.all(
      this.#cluster.nodes.map(async (node) => {
        const { file, mountpoint } = placeOf(node, name);
        await node.must('sh', '-c', unmake, 'unmake', file, mountpoint);
      }),
    );
  }

  async #gluster(verb: string, ...words: readonly string[]): Promise<void> {
    await this.#cluster.nodes[0]?.must('gluster', '--mode=script', 'volume', verb, ...words);
  }
}

const placeOf = (node: RealNode, name: string): { readonly file: string; readonly mountpoint: string } => ({
  file: `${node.devices[1]}/${name}`,
  mountpoint: `/var/lib/brickyard/bare/${name}`,
});

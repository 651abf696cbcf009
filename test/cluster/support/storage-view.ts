/**
 * What scenarios ask of storage. A controller of their own has simulated nodes, which are looked at themselves
 * (simulated-view.ts); of one that is installed in the cluster only the records can be seen (record-view.ts).
 */

export interface SeenNode {
  readonly id: string;
  readonly zone: string;
  /** Address that clients mount from. */
  readonly address: string;
}

export interface SeenVolume {
  /** What gluster calls it. */
  readonly name: string;
  /** Whether clients can mount it. */
  readonly started: boolean;
}

export interface SeenBrick {
  readonly node: string;
  readonly zone: string;
  /** Of its file system. */
  readonly gib: number;
}

export interface StorageView {
  nodes(): Promise<readonly SeenNode[]>;
  volumes(): Promise<readonly SeenVolume[]>;
  /** Bricks that stand for the claim of that uid, whatever state its volume is in. */
  bricks(uid: string): Promise<readonly SeenBrick[]>;
}

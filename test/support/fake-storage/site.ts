import { brickOfPath } from '../../../src/engine/brick-match.ts';
import { isServed, isServing, type FakeBrick, type FakeNode, type FakeVolume } from './parts.ts';

/** All fake nodes, and what one of them finds at the others. */
export class FakeSite {
  readonly #nodes = new Map<string, FakeNode>();
  #numbers = 0;
  /** The next rebalance to be looked at has failed. */
  failRebalance = false;
  readonly violations: string[] = [];

  nodes(): readonly FakeNode[] {
    return [...this.#nodes.values()];
  }

  add(node: FakeNode): void {
    this.#nodes.set(node.id, node);
  }

  nextNumber(): number {
    return (this.#numbers += 1);
  }

  newUuid(): string {
    return `99999999-0000-4000-8000-${String(this.nextNumber()).padStart(12, '0')}`;
  }

  /** A process starts where its brick is mounted and its node runs gluster in this pool. */
  startProcesses({ bricks }: Pick<FakeVolume, 'bricks'>): void {
    for (const { host, path } of bricks) {
      const node = this.byHost(host);
      const brick = [...(node?.bricks.values() ?? [])].find((other) => other.path === path);
      if (brick?.mounted === true && isServing(node)) {
        brick.online = true;
      }
    }
  }

  /** A brick on a directory that is none of ours is served as long as its node is. */
  isOnline(via: FakeNode, host: string, path: string): boolean {
    const node = this.byHost(host);
    const brick = this.brickAt(via, host, path);
    const isOurs = brickOfPath(path) !== undefined;
    return node?.pool === via.pool && (isOurs ? brick !== undefined && isServed(node, brick) : isServing(node));
  }

  /** A brick of ours that stands on a node of the same pool. */
  brickAt(via: FakeNode, host: string, path: string): FakeBrick | undefined {
    const node = this.byHost(host);
    return node?.pool === via.pool ? [...node.bricks.values()].find((other) => other.path === path) : undefined;
  }

  volumeOn(node: FakeNode, path: string): FakeVolume | undefined {
    return [...node.pool.volumes.values()].find(({ bricks }) =>
      bricks.some((brick) => brick.host === node.host && brick.path === path),
    );
  }

  node(id: string): FakeNode {
    const node = this.#nodes.get(id);
    if (node === undefined) {
      throw new Error(`no fake node ${id}`);
    }
    return node;
  }

  byHost(host: string): FakeNode | undefined {
    return [...this.#nodes.values()].find((node) => node.host === host);
  }
}

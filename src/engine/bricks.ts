/** Making and destroying a volume's bricks, side by side over the nodes. */
import type { BrickId } from '../domain/names.ts';
import { done, joinOutcomes, waiting, type Outcome } from '../domain/outcome.ts';
import type { BrickRecord, VolumeRecord } from '../domain/volume.ts';
import type { Account, Calls } from './calls.ts';
import { birthIdentity } from './identity.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { BrickFacts, BrickSpec } from './ports.ts';

function specOf(record: VolumeRecord, brick: BrickRecord): BrickSpec {
  // Later it is no birth any more: what has changed since is for the volume's options to say.
  const identity = record.phase === 'creating' ? birthIdentity(record) : undefined;
  return {
    id: brick.id,
    volume: record.id,
    device: brick.device,
    size: brick.size,
    snapshotFactor: record.snapshotFactor,
    arbiter: brick.arbiter,
    ...(record.gid === undefined ? {} : { gid: record.gid }),
    ...(identity === undefined ? {} : { identity }),
  };
}

function unknownNode(brick: BrickRecord): Outcome<never> {
  const reason = `node ${brick.node} of brick ${brick.id} is not in the topology`;
  return waiting({ what: 'condition', name: reason }, reason);
}

export class Bricks {
  readonly #calls: Calls;
  readonly #directory: NodeDirectory;

  constructor(calls: Calls, directory: NodeDirectory) {
    this.#calls = calls;
    this.#directory = directory;
  }

  /** Makes or finds bricks of the record. The paths of all of them, by id. */
  async ensureEach(
    record: VolumeRecord,
    bricks: readonly BrickRecord[],
    options: { readonly pristine: boolean },
    account: Account,
  ): Promise<Outcome<ReadonlyMap<BrickId, string>>> {
    const outcomes = await Promise.all(
      bricks.map(async (brick): Promise<Outcome<BrickFacts>> => {
        const node = this.#directory.get(brick.node);
        return node === undefined
          ? unknownNode(brick)
          : this.#calls.onNode(node, 'bricks', account, (nodes, context) =>
              nodes.ensureBrick(node, specOf(record, brick), options, context),
            );
      }),
    );
    const joined = joinOutcomes(outcomes);
    return joined.kind === 'done' ? done(new Map(joined.value.map(({ id, path }) => [id, path]))) : joined;
  }

  /** Extends bricks that stand to the sizes given. What they really have then. */
  async growEach(
    record: VolumeRecord,
    bricks: readonly BrickRecord[],
    account: Account,
  ): Promise<Outcome<readonly BrickFacts[]>> {
    const outcomes = await Promise.all(
      bricks.map(async (brick): Promise<Outcome<BrickFacts>> => {
        const node = this.#directory.get(brick.node);
        return node === undefined
          ? unknownNode(brick)
          : this.#calls.onNode(node, 'grow-bricks', account, (nodes, context) =>
              nodes.growBrick(node, specOf(record, brick), context),
            );
      }),
    );
    return joinOutcomes(outcomes);
  }

  /** Destroys `bricks` of the record, each with its own outcome: those that are not `done` may still stand. */
  destroyEach(
    record: VolumeRecord,
    bricks: readonly BrickRecord[],
    account: Account,
  ): Promise<readonly { readonly brick: BrickRecord; readonly outcome: Outcome<void> }[]> {
    return Promise.all(
      bricks.map(async (brick) => {
        const node = this.#directory.get(brick.node);
        const outcome =
          node === undefined
            ? unknownNode(brick)
            : await this.#calls.onNode(node, 'destroy-bricks', account, (nodes, context) =>
                nodes.destroyBrick(node, specOf(record, brick), context),
              );
        return { brick, outcome };
      }),
    );
  }
}

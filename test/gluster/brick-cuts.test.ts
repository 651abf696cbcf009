import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { done, type Outcome } from '../../src/domain/outcome.ts';
import { bytes, MiB } from '../../src/domain/quantity.ts';
import type { BrickSpec, StorageNodes } from '../../src/engine/ports.ts';
import type { CommandRunner } from '../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { missingForGluster } from './environment.ts';
import { FolderBench, identity, loopDevicesOf, valueOf } from './harness/folder-node.ts';

const missing = await missingForGluster();

/** A verb is cut off while one of its commands runs, or before that command's answer comes. */
const cuts = ['during', 'after'] as const;
type Cut = (typeof cuts)[number];

describe.skipIf(missing.length > 0).each<Cut>(cuts)(
  'work on a brick in a real folder, cut off %s any command',
  (cut) => {
    let bench: FolderBench;

    beforeEach(async () => {
      bench = await FolderBench.start();
      valueOf(await bench.prepare());
    });

    afterEach(async () => {
      await bench?.close();
    });

    /** Nodes that answer `at` commands and then never again. */
    function mortal(at: number): { readonly storage: StorageNodes; readonly count: () => number } {
      let count = 0;
      const runner: CommandRunner = {
        run: async (node, command, context) => {
          count += 1;
          if (count <= at) {
            return bench.node.runner.run(node, command, context);
          }
          if (count === at + 1) {
            // A deadline of four milliseconds: the program is killed in the middle, or before its first instruction.
            await bench.node.runner.run(node, cut === 'during' ? { ...command, deadlineMs: 4 } : command, context);
          }
          return { kind: 'lost', reason: `cut off ${cut} ${command.argv[0] ?? ''}` };
        },
      };
      return { storage: createCommandStorageNodes({ runner }), count: () => count };
    }

    interface Trial {
      readonly setUp: (spec: BrickSpec) => Promise<void>;
      readonly verb: (spec: BrickSpec, by: StorageNodes) => Promise<Outcome<unknown>>;
      /** What has to hold whatever the cut has left. */
      readonly settle: (spec: BrickSpec) => Promise<void>;
    }

    /** Cuts the verb off at each of its commands in turn. Resolves with their number. */
    async function atEveryCommand({ setUp, verb, settle }: Trial): Promise<number> {
      for (let at = 0; ; at += 1) {
        const spec = bench.brick(0, { generation: at, gid: 4000, identity });
        await setUp(spec);
        const { storage, count } = mortal(at);
        const outcome = await verb(spec, storage);
        if (count() <= at) {
          valueOf(outcome);
          return count();
        }
        expect(outcome.kind, `cut off at command ${at}`).toBe('unknown');
        await settle(spec);
      }
    }

    async function nothingLeft(spec: BrickSpec): Promise<void> {
      expect(await bench.destroy(spec)).toEqual(done());
      expect(await loopDevicesOf(spec.id)).toEqual([]);
      expect(await bench.mounts()).toBe('');
      expect((await bench.entries()).filter((entry) => entry.includes(spec.id))).toEqual([]);
    }

    const nothing = async (): Promise<void> => {};
    const standing = async (spec: BrickSpec): Promise<void> => void valueOf(await bench.ensure(spec));

    it('making is finished by the next try', async () => {
      const commands = await atEveryCommand({
        setUp: nothing,
        verb: (spec, by) => bench.ensure(spec, true, by),
        settle: async (spec) => {
          const { path } = valueOf(await bench.ensure(spec));
          expect(await bench.ownership(path)).toBe('4000 2775');
          expect(await bench.list()).toMatchObject([{ identity }]);
          expect(await loopDevicesOf(spec.id)).toHaveLength(1);
          await nothingLeft(spec);
        },
      });
      expect(commands).toBeGreaterThan(8);
    });

    it('making can be taken back', async () => {
      const commands = await atEveryCommand({
        setUp: nothing,
        verb: (spec, by) => bench.ensure(spec, true, by),
        settle: nothingLeft,
      });
      expect(commands).toBeGreaterThan(8);
    });

    it('growth is finished by the next try, with the data on it', async () => {
      const larger = (spec: BrickSpec): BrickSpec => ({ ...spec, size: bytes(480 * MiB) });
      const commands = await atEveryCommand({
        setUp: async (spec) => {
          const { path } = valueOf(await bench.ensure(spec));
          await bench.node.must('cp', '/bin/ls', `${path}/kept`);
        },
        verb: (spec, by) => bench.grow(larger(spec), by),
        settle: async (spec) => {
          const { path, size } = valueOf(await bench.grow(larger(spec)));
          expect(size).toBe(480 * MiB);
          expect(await bench.roomAt(path)).toBeGreaterThan(400 * MiB);
          await bench.node.must('cmp', '/bin/ls', `${path}/kept`);
          await nothingLeft(spec);
        },
      });
      expect(commands).toBeGreaterThan(6);
    });

    it('the end is finished by the next try', async () => {
      const commands = await atEveryCommand({
        setUp: standing,
        verb: (spec, by) => bench.destroy(spec, by),
        settle: nothingLeft,
      });
      expect(commands).toBeGreaterThan(4);
    });
  },
);

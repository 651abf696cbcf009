import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { done, type Outcome } from '../../src/domain/outcome.ts';
import { bytes, MiB } from '../../src/domain/quantity.ts';
import type { BrickFacts, BrickSpec } from '../../src/engine/ports.ts';
import { brickPlaceOf } from '../../src/gluster/bricks/lvm-thin/names.ts';
import type { CommandRunner } from '../../src/gluster/runner.ts';
import { missingForLvm } from './harness/missing.ts';
import {
  clearBricks,
  context,
  brickDisk,
  guestNode,
  leftovers,
  newBrick,
  sharedGuest,
  valueOf,
  type StorageGuest,
} from './harness/storage-guest.ts';
import { whole } from './harness/whole.ts';

const missing = await missingForLvm();

describe.skipIf(missing.length > 0)('bricks on real LVM whose work is cut off', () => {
  let guest: StorageGuest;

  beforeAll(async () => {
    guest = await sharedGuest();
    valueOf(await guest.nodes.prepareDevice(guestNode, brickDisk, { wipe: false }, context()));
  });

  afterEach(() => clearBricks(guest));

  const ensure = (brick: BrickSpec, nodes = guest.nodes) =>
    nodes.ensureBrick(guestNode, brick, { pristine: true }, context());
  const grow = (brick: BrickSpec, nodes = guest.nodes) => nodes.growBrick(guestNode, brick, context());
  const destroy = (brick: BrickSpec, nodes = guest.nodes) => nodes.destroyBrick(guestNode, brick, context());

  /** Loses the answer to the n-th command, from 0, which has run. */
  function losing(n: number): CommandRunner {
    let count = 0;
    return {
      run: async (...call) => {
        const result = await guest.runner.run(...call);
        count += 1;
        return count === n + 1 ? { kind: 'lost', reason: 'for the test' } : result;
      },
    };
  }

  /** Kills a program after a part of the time that it takes. */
  const killing = (program: string, afterMs: number): CommandRunner => ({
    run: (node, command, call) =>
      guest.runner.run(node, command.argv[0] === program ? { ...command, deadlineMs: afterMs } : command, call),
  });

  /** Milliseconds that the commands of a program take, as the host sees them, while `work` runs. */
  async function timeOf(program: string, work: (runner: CommandRunner) => Promise<unknown>): Promise<number> {
    let spent = 0;
    await work({
      run: async (node, command, call) => {
        const begun = performance.now();
        const result = await guest.runner.run(node, command, call);
        spent += command.argv[0] === program ? performance.now() - begun : 0;
        return result;
      },
    });
    return spent;
  }

  /** The engine's part: it asks again, with a pause that is left out here. */
  async function untilDone<T>(ask: () => Promise<Outcome<T>>): Promise<T> {
    let outcome = await ask();
    for (let again = 0; again < 4 && outcome.kind !== 'done'; again += 1) {
      outcome = await ask();
    }
    return valueOf(outcome);
  }

  it.runIf(whole)('after any of the commands are finished by the next try, and destroyed likewise', async () => {
    const brick = newBrick({ gid: 4_000 });
    let cut = 0;
    for (;;) {
      const outcome = await ensure(brick, guest.over(losing(cut)));
      if (outcome.kind === 'done') {
        break;
      }
      expect(outcome.kind).toBe('unknown');
      cut += 1;
    }
    expect(cut).toBeGreaterThanOrEqual(6);
    expect(await ensure(brick)).toMatchObject({ kind: 'done', value: { size: 400 * MiB } });
    for (cut = 0; ; cut += 1) {
      const outcome = await destroy(brick, guest.over(losing(cut)));
      if (outcome.kind === 'done') {
        break;
      }
      expect(outcome.kind).toBe('unknown');
    }
    expect(await leftovers(guest)).toBe('');
  });

  const parts = [0.2, 0.4, 0.6, 0.8];

  it.runIf(whole)('by the death of lvcreate are finished by later tries, in a whole brick', async () => {
    const takes = await timeOf('lvcreate', (runner) => ensure(newBrick(), guest.over(runner)));
    for (const part of parts) {
      const brick = newBrick();
      await ensure(brick, guest.over(killing('lvcreate', part * takes)));
      const facts = await untilDone<BrickFacts>(() => ensure(brick));
      expect(await guest.shell(`echo data > ${facts.path}/file; cat ${facts.path}/file`)).toBe('data\n');
      expect(valueOf(await guest.nodes.listBricks(guestNode, brickDisk, context()))).toContainEqual(
        expect.objectContaining({ id: brick.id, size: 400 * MiB }),
      );
      expect(await destroy(brick)).toEqual(done());
    }
    await clearBricks(guest);
    expect(await leftovers(guest)).toBe('');
  });

  it.runIf(whole)('by the death of lvremove leave nothing once they are destroyed again', async () => {
    const doomed = newBrick();
    valueOf(await ensure(doomed));
    const takes = await timeOf('lvremove', (runner) => destroy(doomed, guest.over(runner)));
    for (const part of parts) {
      const brick = newBrick();
      valueOf(await ensure(brick));
      await destroy(brick, guest.over(killing('lvremove', part * takes)));
      await untilDone<void>(() => destroy(brick));
      expect(await leftovers(guest)).toBe('');
    }
  });

  it.runIf(whole)('by the death of lvextend have grown after the next try', async () => {
    const brick = newBrick();
    const { path } = valueOf(await ensure(brick));
    await guest.shell(`echo data > ${path}/file`);
    let size = 600;
    const takes = await timeOf('lvextend', (runner) => grow({ ...brick, size: bytes(size * MiB) }, guest.over(runner)));
    for (const part of parts) {
      size += 200;
      const larger = { ...brick, size: bytes(size * MiB) };
      await grow(larger, guest.over(killing('lvextend', (part * takes) / 2)));
      expect(await untilDone(() => grow(larger))).toMatchObject({ size: size * MiB });
      expect(await guest.shell(`cat ${path}/file`)).toBe('data\n');
    }
    expect(await destroy(brick)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
  });

  const restore = () => guest.nodes.restoreBricks(guestNode, brickDisk, context());

  it('by a reboot are woken and mounted again, with what is in them, whether LVM was started at boot or not', async () => {
    const bricks = [newBrick({ gid: 4_000 }), newBrick()];
    const ids = bricks.map(({ id }) => id);
    const paths: string[] = [];
    for (const brick of bricks) {
      const { path } = valueOf(await ensure(brick));
      await guest.shell(`echo ${brick.id} > ${path}/file; sync -f ${path}`);
      paths.push(path);
    }
    await guest.cutPower();
    await guest.boot();
    // What a boot leaves where LVM is started with it: everything active, nothing mounted.
    const started =
      'umount -a -t xfs; vgchange -qq -an; vgchange -qq --activate y --autoactivation event || vgchange -qq -ay';
    for (const atBoot of ['true', started]) {
      await guest.shell(atBoot);
      expect(await guest.shell('findmnt -n -o TARGET -t xfs || true')).toBe('');
      // What stands is known before anything is mounted.
      expect(valueOf(await guest.nodes.listBricks(guestNode, brickDisk, context())).map(({ id }) => id)).toEqual(
        expect.arrayContaining(ids),
      );
      expect(valueOf(await restore())).toEqual(expect.arrayContaining(ids));
      expect(await guest.shell(`cat ${paths.map((path) => `${path}/file`).join(' ')}`)).toBe(
        ids.map((id) => `${id}\n`).join(''),
      );
      expect(await restore()).toEqual(done([]));
    }
    expect(await guest.shell(`stat -c '%g %a' ${paths[0]}`)).toBe('4000 2775\n');
    for (const brick of bricks) {
      expect(await destroy(brick)).toEqual(done());
    }
    expect(await leftovers(guest)).toBe('');
  });

  it.runIf(whole)('by the death of whatever activated them, are active after the next try', async () => {
    const brick = newBrick();
    const { path } = valueOf(await ensure(brick));
    await guest.shell(`echo data > ${path}/file`);
    const { group, pool } = brickPlaceOf(guestNode.id, brickDisk, brick.id);
    // Its metadata is active and the pool is not: so lvcreate or lvchange leave it when they are killed.
    const torn = `umount $(dirname ${path}); lvchange -qq -an ${group}; lvchange -qq -y -ay ${group}/${pool}_tmeta`;
    const ways: (() => Promise<Outcome<unknown>>)[] = [
      restore,
      () => guest.nodes.ensureBrick(guestNode, brick, { pristine: false }, context()),
      () => grow({ ...brick, size: bytes(600 * MiB) }),
    ];
    for (const way of ways) {
      await guest.shell(torn);
      expect(await way()).toMatchObject({ kind: 'done' });
      expect(await guest.shell(`cat ${path}/file`)).toBe('data\n');
    }
    await guest.shell(torn);
    expect(await destroy(brick)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
  });

  it.runIf(whole)(
    'by the death of lvcreate before the pool knew of the volume, are made anew unless they have been in use',
    async () => {
      const brick = newBrick();
      const { path } = valueOf(await ensure(brick));
      const { group, pool } = brickPlaceOf(guestNode.id, brickDisk, brick.id);
      // LVM's record of the volume stays, and the pool forgets it.
      await guest.shell(
        `umount $(dirname ${path}); lvchange -qq -an ${group}; lvchange -qq -ay ${group}/${pool}; ` +
          `dmsetup message ${group}-${pool}-tpool 0 'delete 1' || dmsetup message ${group}-${pool} 0 'delete 1'`,
      );
      const used = await guest.nodes.ensureBrick(guestNode, brick, { pristine: false }, context());
      expect(used).toMatchObject({ kind: 'failed', reason: expect.stringContaining('has no data of brick') as string });
      expect(await ensure(brick)).toMatchObject({ kind: 'done' });
      await guest.shell(`echo data > ${path}/file`);
      expect(await destroy(brick)).toEqual(done());
      expect(await leftovers(guest)).toBe('');
    },
  );

  it.runIf(whole)(
    'by the death of lvcreate before the pool knew of the volume, and LVM of the pool, are made anew or destroyed',
    async () => {
      const brick = newBrick();
      const { path } = valueOf(await ensure(brick));
      const { group, pool } = brickPlaceOf(guestNode.id, brickDisk, brick.id);
      // The kernel's pool runs without the device by which LVM sees it.
      const torn =
        `umount $(dirname ${path}); lvchange -qq -an ${group}; lvchange -qq -ay ${group}/${pool}; ` +
        `dmsetup message ${group}-${pool}-tpool 0 'delete 1'; dmsetup remove ${group}-${pool}`;
      await guest.shell(torn);
      expect(await ensure(brick)).toMatchObject({ kind: 'done' });
      expect(await guest.shell(`echo data > ${path}/file; cat ${path}/file`)).toBe('data\n');
      await guest.shell(torn);
      expect(await destroy(brick)).toEqual(done());
      expect(await leftovers(guest)).toBe('');
    },
  );

  it.runIf(whole)(
    'by the power, in the middle of lvcreate, are finished or destroyed after the next boot; others wake for each verb',
    async () => {
      const [slept, grown, gone, made] = [newBrick(), newBrick(), newBrick(), newBrick()];
      const paths: string[] = [];
      let takes = 0;
      for (const brick of [slept, grown, gone]) {
        takes = await timeOf('lvcreate', async (runner) => {
          paths.push(valueOf(await ensure(brick, guest.over(runner))).path);
        });
      }
      await guest.shell(`echo slept > ${paths[0]}/file; echo grown > ${paths[1]}/file; sync`);
      const making = ensure(made);
      const cut = AbortSignal.timeout(Math.round(takes / 2));
      await new Promise((resolve) => cut.addEventListener('abort', resolve));
      await guest.cutPower();
      expect((await making).kind).not.toBe('done');
      await guest.boot();
      // Nothing has been restored: each verb finds a brick asleep and does its part.
      expect(await guest.nodes.ensureBrick(guestNode, slept, { pristine: false }, context())).toMatchObject({
        kind: 'done',
        value: { path: paths[0] },
      });
      expect(await grow({ ...grown, size: bytes(600 * MiB) })).toMatchObject({
        kind: 'done',
        value: { size: 600 * MiB },
      });
      expect(await guest.shell(`cat ${paths[0]}/file ${paths[1]}/file`)).toBe('slept\ngrown\n');
      expect(await destroy(gone)).toEqual(done());
      const { path } = await untilDone<BrickFacts>(() => ensure(made));
      await guest.shell(`echo data > ${path}/file`);
      for (const brick of [made, slept, grown]) {
        await untilDone<void>(() => destroy(brick));
      }
      expect(await leftovers(guest)).toBe('');
    },
  );
});

/** Many claims at once, while the controller, and on demand glusterd, is killed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClaim } from '../../support/claims.ts';
import { waitFor } from '../../support/wait-for.ts';
import { missingForGluster } from '../environment.ts';
import type { RealNode } from '../harness/cluster.ts';
import { cure, rejectedNodes, startsAgain } from '../harness/rejection.ts';
import { settled, startRealWhole, tellAfterFailure, type RealWhole } from './support.ts';
import type { Way } from './ways.ts';

/**
 * A glusterd that is killed while it changes a volume can come back with a copy of the volume that differs from the others'
 * under the same version, which keeps it out as "Peer Rejected", or with one that it cannot read, and then it does not even
 * start. The controller has to name it, and it is cured by the words of the remedy. Not every kill does that; so these are
 * tried on demand, and not in a gate.
 */
const killsGlusterd = process.env['BRICKYARD_KILL_GLUSTERD'] === 'yes';
/**
 * How many claims: `BRICKYARD_BURST`, else few enough for a gate. Deletes take 2.2 s each, one after another, whoever asks
 * for them: gluster sleeps while it stops a volume.
 */
const count = burstOf(process.env['BRICKYARD_BURST'] ?? '24');

function burstOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new Error(`BRICKYARD_BURST: expected a number of claims from 1 to 9999, got ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** The tests of one way, in a file of their own each: they take minutes, and files run side by side. */
export async function testBurst(way: Way): Promise<void> {
  const missing = await missingForGluster();
  describe.skipIf(missing.length > 0)(`a burst of claims, with nodes reached by ${way}`, () => {
    burst(way);
  });
}

function burst(way: Way): void {
  let whole: RealWhole;
  let claims: TestClaim[];

  beforeAll(async () => {
    whole = await startRealWhole({ way, diskGiB: 2 + count / 5 });
  });

  afterAll(async () => {
    await whole?.close();
  });

  tellAfterFailure(() => whole);

  const crash = async (): Promise<void> => {
    await whole.brickyard.kill();
    await whole.restart();
  };
  /** The controller says of a node what is the matter with it. */
  const named = async (node: RealNode, matter: string): Promise<void> => {
    const says = (line: string): boolean => line.includes(`"node":"${node.id}"`) && line.includes(matter);
    await waitFor(
      `${node.id} is named: ${matter}`,
      async () => (await whole.brickyard.log()).split('\n').some(says),
      120_000,
    );
  };
  /** As an init system does with a daemon that died; and as somebody who reads what the controller says about it. */
  const crashGlusterd = async (index: number): Promise<void> => {
    const node = whole.cluster.nodes[index];
    if (node === undefined) {
      throw new Error(`expected a node ${index}`);
    }
    await node.killGlusterd();
    if (!(await startsAgain(node))) {
      await named(node, 'its glusterd does not answer');
      await cure(node);
    }
  };
  /** At any time: it can take a change until two find out that they differ. */
  const cureRejected = async (): Promise<void> => {
    for (const node of killsGlusterd ? await rejectedNodes(whole.cluster) : []) {
      await named(node, 'Peer Rejected');
      await cure(node);
    }
  };

  it(`is bound, all ${count}, although the controller is killed five times${killsGlusterd ? ' and glusterd twice' : ''}`, async () => {
    claims = await whole.claims.create(count, '320Mi');
    const mishaps: readonly (() => Promise<void>)[] = [
      crash,
      ...(killsGlusterd ? [() => crashGlusterd(0)] : []),
      crash,
      crash,
      ...(killsGlusterd ? [() => crashGlusterd(2)] : []),
      crash,
      crash,
    ];
    const bound = (goal: number): Promise<true> =>
      waitFor(
        `${goal} claims are bound`,
        async () => {
          await cureRejected();
          return (await whole.claims.bound(claims)) >= goal;
        },
        360_000,
      );
    for (const [index, mishap] of mishaps.entries()) {
      await bound(Math.floor((count * (index + 1)) / (mishaps.length + 2)));
      await mishap();
    }
    await bound(count);
    await settled(whole, claims, 240_000);
    expect(await whole.claims.bound(claims)).toBe(count);
  }, 900_000);

  it('goes without a trace', async () => {
    await Promise.all(claims.map((claim) => whole.claims.delete(claim)));
    // Earlier than the test's own end: then what is left is told.
    await settled(whole, [], 840_000);
    expect(await whole.claims.volumes()).toEqual([]);
  }, 900_000);
}

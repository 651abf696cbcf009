/** `volume add-brick`: whole sets, with the checks and the leftovers of a create. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { refusal, success } from './answers.ts';
import { bricksAt, claimBricks, placeOf } from './create.ts';
import { isMoving } from './migrations.ts';
import type { TrustedPool } from './pool.ts';
import { noSuchVolume } from './volume-commands.ts';

const cliOp = 'volAddBrick';
const refused = (text: string, opErrno?: number): ToolResult => refusal(text, opErrno, { cliOp, output: text });

/** `undefined`: the words are no such command. */
export function addBricks(
  pool: TrustedPool,
  origin: Machine,
  [name, ...words]: readonly string[],
  now: number,
): ToolResult | undefined {
  if (name === undefined || words.length === 0 || !words.every((word) => /^[^/]+:\/.+$/.test(word))) {
    return undefined;
  }
  const volume = pool.volume(name);
  if (volume === undefined) {
    return refused(noSuchVolume(name));
  }
  const perSet = Math.max(volume.replica, volume.disperse, 1);
  if (words.length % perSet !== 0) {
    return refused(`Incorrect number of bricks supplied ${words.length} with count ${perSet}`, 0);
  }
  if (isMoving(volume, now)) {
    return refused(`Volume name ${name} rebalance is in progress. Please retry after completion`);
  }
  const places = words.map(placeOf);
  const trouble = claimBricks(pool, origin, places, volume);
  if (trouble !== undefined) {
    return refused(trouble);
  }
  const bricks = bricksAt(pool, places, volume);
  pool.addBricks(volume, bricks);
  if (volume.status === 'started') {
    for (const { machine, path } of bricks) {
      machine.served.add(path);
      machine.files.make(`${path}/.glusterfs`);
    }
  }
  return success({ cliOp, output: 'Add Brick successful' });
}

/** Bricks as thin LVM volumes on a disk: one volume group a disk, one thin pool a brick, XFS in it. */
import type { BrickBackend } from '../backend.ts';
import { destroyBrick } from './destroy-brick.ts';
import { inspectDevice, listBricks } from './devices.ts';
import { ensureBrick } from './ensure-brick.ts';
import { growBrick } from './grow-brick.ts';
import { prepareDevice } from './prepare-device.ts';
import { mountBrick, wakeBricks } from './restore-bricks.ts';

export const lvmThin: BrickBackend = {
  inspectDevice,
  prepareDevice,
  ensureBrick,
  growBrick,
  destroyBrick,
  listBricks,
  wakeBricks,
  mountBrick,
};

/** Bricks as files in a folder: one sparse image a brick, XFS in it, mounted over a loop device. */
import type { BrickBackend } from '../backend.ts';
import { destroyBrick } from './destroy-brick.ts';
import { inspectDevice, listBricks, wakeBricks } from './devices.ts';
import { ensureBrick } from './ensure-brick.ts';
import { growBrick } from './grow-brick.ts';
import { mountBrick } from './mount.ts';
import { prepareDevice } from './prepare-device.ts';

export const loop: BrickBackend = {
  inspectDevice,
  prepareDevice,
  ensureBrick,
  growBrick,
  destroyBrick,
  listBricks,
  wakeBricks,
  mountBrick,
};

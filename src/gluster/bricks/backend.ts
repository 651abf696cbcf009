/** What a way of making bricks has to offer. Each is a folder beside this file. */
import type { BrickId, DeviceName } from '../../domain/names.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { BrickFacts, BrickSpec, DeviceFacts, PrepareOptions } from '../../engine/ports.ts';
import type { Errand } from '../errand.ts';

/** The brick verbs of StorageNodes, on the node that the errand goes to; they keep what is promised there. */
export interface BrickBackend {
  inspectDevice(errand: Errand, device: DeviceName): Promise<Outcome<DeviceFacts>>;
  prepareDevice(errand: Errand, device: DeviceName, options: PrepareOptions): Promise<Outcome<DeviceFacts>>;
  ensureBrick(errand: Errand, brick: BrickSpec, options: { readonly pristine: boolean }): Promise<Outcome<BrickFacts>>;
  growBrick(errand: Errand, brick: BrickSpec): Promise<Outcome<BrickFacts>>;
  destroyBrick(errand: Errand, brick: BrickSpec): Promise<Outcome<void>>;
  listBricks(errand: Errand, device: DeviceName): Promise<Outcome<readonly BrickFacts[]>>;
  /** The bricks on the device that have a file system to be mounted, after waking whatever sleeps since a reboot. */
  wakeBricks(errand: Errand, device: DeviceName): Promise<Outcome<readonly BrickId[]>>;
  /** Mounts a brick that stands. `false`: it was mounted already. */
  mountBrick(errand: Errand, device: DeviceName, brick: BrickId): Promise<Outcome<boolean>>;
}

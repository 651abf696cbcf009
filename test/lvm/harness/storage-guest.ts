/** The guest as a storage node: the project's verbs over it, and a shell to set scenes and to look behind them. */
import { randomUUID } from 'node:crypto';
import { brickIdFor, deviceName, hostName, nodeId, volumeId } from '../../../src/domain/names.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { bytes, MiB } from '../../../src/domain/quantity.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { BrickSpec, CallContext, StorageNodes } from '../../../src/engine/ports.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { scenarioDiskSize } from '../../support/lvm-scenario.ts';
import { startGuest, type Guest, type GuestDisk } from './guest.ts';

export const guestNode: NodeRef = { id: nodeId('guest'), manage: hostName('guest'), storage: hostName('127.0.0.1') };

export interface StorageGuest extends Guest {
  readonly nodes: StorageNodes;
  /** As `nodes`, over a runner of the test's own. */
  over(runner: CommandRunner): StorageNodes;
  /** Lines of shell, run as root in the guest. Resolves to what they print; rejects when one of them fails. */
  shell(script: string): Promise<string>;
}

export const context = (): CallContext => ({ signal: AbortSignal.timeout(120_000) });

/** /dev/vda and so on: two that tests of devices spoil, and one for bricks. */
const disks: readonly GuestDisk[] = [
  { serial: 'DISK-A', size: 1024 * MiB },
  { serial: 'DISK-B', size: scenarioDiskSize },
  { serial: 'BRICKS', size: 4096 * MiB },
];
let shared: Promise<StorageGuest> | undefined;

/** The guest of this test file, which boots when it is asked for first. */
export function sharedGuest(): Promise<StorageGuest> {
  shared ??= startStorageGuest();
  return shared;
}

/** One that never came up has nothing to close. */
export async function closeGuest(): Promise<void> {
  const guest = await shared?.catch(() => undefined);
  await guest?.close();
}

async function startStorageGuest(): Promise<StorageGuest> {
  const guest = await startGuest(disks);
  const over = (runner: CommandRunner): StorageNodes => createCommandStorageNodes({ runner });
  const shell = async (script: string): Promise<string> => {
    const command = { argv: ['sh', '-euc', script], deadlineMs: 110_000 };
    const result = await guest.runner.run(guestNode, command, context());
    if (result.kind !== 'exited' || result.exitCode !== 0) {
      throw new Error(`${script}: ${result.kind === 'exited' ? result.stderr || result.exitCode : result.reason}`);
    }
    return result.stdout;
  };
  return { ...guest, over, nodes: over(guest.runner), shell };
}

/** One for tests to spoil; so is /dev/vdb. */
export const disk = deviceName('/dev/vda');
/** The one that holds bricks. */
export const brickDisk = deviceName('/dev/vdc');

/** A brick of a volume that no other test knows. */
export function newBrick(change: Partial<BrickSpec> = {}): BrickSpec {
  const volume = volumeId(randomUUID());
  return {
    id: brickIdFor(volume, 0, 0),
    volume,
    device: brickDisk,
    size: bytes(400 * MiB),
    snapshotFactor: 1,
    arbiter: false,
    ...change,
  };
}

/** The value of an outcome that has to be `done`. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw new Error(`${outcome.kind}: ${outcome.reason}`);
  }
  return outcome.value;
}

/** Everything that a brick could leave behind, in words; empty when there is nothing. */
export const leftovers = (guest: StorageGuest): Promise<string> =>
  guest.shell(
    'lvs --noheadings -a -o lv_name; dmsetup ls | grep -v "No devices" || true; ' +
      'findmnt -n -o TARGET -t xfs || true; find /var/lib/brickyard/bricks -mindepth 2 || true',
  );

/** Shell that has the kernel read a partition table. It refuses while udev, which heard of the change, does that itself. */
export const reread = (device: string): string =>
  `until blockdev --rereadpt ${device} 2>/dev/null; do udevadm settle; done`;

/** Whatever stands on the disks that are there to be spoiled: blank again. */
export async function clearDisks(guest: StorageGuest): Promise<void> {
  await guest.shell(
    [
      'umount -q /mnt || true; umount -a -t xfs',
      'swapoff -a',
      'for group in $(vgs --noheadings -o vg_name); do vgremove -qq --yes $group; done',
      '[ ! -e /dev/md0 ] || mdadm --quiet --stop /dev/md0',
      'for disk in /dev/vda /dev/vdb; do wipefs -q -a -f $disk; dd if=/dev/zero of=$disk bs=1M count=1; ' +
        `${reread('$disk')}; done`,
      'udevadm settle',
      'find /var/lib/brickyard/bricks -mindepth 1 -delete 2>/dev/null || true',
    ].join('; '),
  );
}

/** A test that fails leaves things behind: the next one is to find the device as it was, also after a power cut. */
export async function clearBricks(guest: StorageGuest): Promise<void> {
  await guest.shell(
    '[ ! -e /run/reader ] || kill $(cat /run/reader) || true; rm -f /run/reader; umount -a -t xfs; ' +
      'lvremove -qq --yes $(vgs --noheadings -o vg_name); find /var/lib/brickyard/bricks -mindepth 2 -delete || true; sync',
  );
}

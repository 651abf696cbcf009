/**
 * A storage node with device-mapper, whatever the kernel of this machine: a QEMU guest, by software emulation, that has
 * the host's programs and blank disks of its own. Needs no root. Ends with the process that started it.
 */
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MiB } from '../../../src/domain/quantity.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { writeInitramfs } from './initramfs.ts';
import { startMachine, type Machine } from './machine.ts';
import { installedKernel } from './missing.ts';

/** In order they are /dev/vda, /dev/vdb and so on. */
export interface GuestDisk {
  /** At most 20 characters. */
  readonly serial: string;
  /** Bytes. The image is sparse. */
  readonly size: number;
}

export interface Guest {
  /** Runs commands in the guest, whichever node they are meant for. While the power is off it is unreachable. */
  readonly runner: CommandRunner;
  /** Takes the power away: what was not on the disks is lost. */
  cutPower(): Promise<void>;
  /** Resolves when it takes commands again. */
  boot(): Promise<void>;
  close(): Promise<void>;
}

const folderPrefix = 'brickyard-lvm-';

/** Folders of test runs that were killed. Their guests ended with them. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's, but alive.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Makes the disks, blank, and boots. */
export async function startGuest(disks: readonly GuestDisk[]): Promise<Guest> {
  await removeAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  let machine: Machine | undefined;
  const cutPower = async (): Promise<void> => {
    await machine?.end();
    machine = undefined;
  };
  const close = async (): Promise<void> => {
    await cutPower();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const words = await qemuWords(folder, [...disks, { serial: 'STATE', size: 64 * MiB }]);
    const boot = async (): Promise<void> => {
      machine = await startMachine(folder, words);
    };
    await boot();
    const runner: CommandRunner = {
      run: async (...call) =>
        machine === undefined
          ? { kind: 'not-started', cause: 'unreachable', reason: 'the guest is off' }
          : machine.runner.run(...call),
    };
    return { runner, cutPower, boot, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const fixedWords: readonly string[] = [
  // One processor: emulated ones that wait for each other cost twice the time. No fifth level of page tables to walk.
  '-accel tcg,thread=single,tb-size=512 -cpu max,la57=off -machine q35 -m 1536 -smp 1',
  '-nodefaults -no-reboot -display none -serial stdio',
  '-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap',
  '-device virtio-9p-pci,fsdev=host,mount_tag=host',
  '-device virtio-serial-pci -chardev socket,id=commands,path=commands.sock',
  '-device virtserialport,chardev=commands,name=commands',
].flatMap((line) => line.split(' '));

/** What protects and watches a real machine's kernel, and costs an emulated one a good part of its time. */
const cheaper = 'mitigations=off init_on_alloc=0 apparmor=0 audit=0 nokaslr cryptomgr.notests';

async function qemuWords(folder: string, disks: readonly GuestDisk[]): Promise<readonly string[]> {
  const kernel = await installedKernel();
  if (kernel === undefined) {
    throw new Error('no kernel with device-mapper and 9p is installed');
  }
  const initramfs = join(folder, 'initramfs.img');
  await writeInitramfs(kernel.version, folder, initramfs);
  const drives = await Promise.all(disks.map((disk) => driveWords(folder, disk)));
  const scripts = fileURLToPath(new URL('../guest', import.meta.url));
  return [
    ...fixedWords,
    '-kernel',
    kernel.image,
    '-initrd',
    initramfs,
    '-append',
    `console=ttyS0 quiet panic=-1 ${cheaper} by.guest=${scripts} by.node=${process.execPath}`,
    ...drives.flat(),
  ];
}

async function driveWords(folder: string, { serial, size }: GuestDisk): Promise<readonly string[]> {
  const path = join(folder, `${serial}.img`);
  const image = await open(path, 'w');
  await image.truncate(size);
  await image.close();
  const drive = `file=${path},format=raw,if=none,id=${serial},discard=unmap`;
  return ['-drive', drive, '-device', `virtio-blk-pci,drive=${serial},serial=${serial}`];
}

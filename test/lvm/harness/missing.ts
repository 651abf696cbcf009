import { access, readdir } from 'node:fs/promises';

/** What the guest is made of: programs of the host, which it runs from the host's file tree. */
const programs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['busybox', 'busybox-static'],
  ['cpio', 'cpio'],
  ['modprobe', 'kmod'],
  ['lvm', 'lvm2'],
  ['thin_check', 'thin-provisioning-tools'],
  ['mkfs.xfs', 'xfsprogs'],
  ['mkfs.ext4', 'e2fsprogs'],
  ['udevadm', 'udev'],
];

const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether the host, and so the guest, has a program. */
export async function hasProgram(program: string): Promise<boolean> {
  const found = await Promise.all(folders.map((folder) => exists(`${folder}/${program}`)));
  return found.includes(true);
}

export interface Kernel {
  readonly version: string;
  /** The bootable file. */
  readonly image: string;
}

/** The newest kernel of this machine that is there with all the modules that the guest needs. */
export async function installedKernel(): Promise<Kernel | undefined> {
  const versions = await readdir('/lib/modules').catch(() => []);
  // oxlint-disable-next-line no-array-sort
  const newestFirst = [...versions].sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const version of newestFirst) {
    const image = `/boot/vmlinuz-${version}`;
    const drivers = `/lib/modules/${version}/kernel`;
    const needed = [image, `${drivers}/drivers/md`, `${drivers}/fs/9p`, `${drivers}/fs/overlayfs`];
    const there = await Promise.all(needed.map(exists));
    if (there.every(Boolean)) {
      return { version, image };
    }
  }
  return undefined;
}

/** Debian packages that this machine lacks for the guest. Empty: none. */
export async function missingForLvm(): Promise<readonly string[]> {
  const absent = await Promise.all(
    programs.map(async ([program, debianPackage]) => ((await hasProgram(program)) ? [] : [debianPackage])),
  );
  return [...absent.flat(), ...((await installedKernel()) === undefined ? ['linux-image-amd64'] : [])];
}

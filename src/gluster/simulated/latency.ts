/** How long commands take on a real cluster, for those who want to feel it: medians of a quiet 3-node cluster. */

/** Milliseconds. First match wins. */
const measured: readonly (readonly [RegExp, number])[] = [
  [/^gluster .* volume create /, 135],
  [/^gluster .* volume start /, 258],
  [/^gluster .* volume stop /, 2_205],
  [/^gluster .* volume delete /, 211],
  [/^gluster .* volume set (\S+ ){2}\S+$/, 140],
  [/^gluster .* volume set /, 203],
  [/^gluster .* volume add-brick /, 962],
  [/^gluster .* volume rebalance \S+ start$/, 10_307],
  [/^gluster .* volume remove-brick .* start$/, 5_249],
  [/^gluster .* volume replace-brick /, 1_286],
  [/^gluster .* volume reset-brick /, 1_220],
  [/^gluster .* volume heal \S+ info /, 93],
  [/^gluster .* peer probe /, 1_035],
  [/^gluster .* peer detach /, 232],
  [/^gluster /, 66],
  // Not measured (the test machines have no device-mapper): LVM writes its metadata and waits for udev.
  [/^(pvcreate|vgcreate|lvcreate|lvextend|lvremove) /, 150],
  [/^(pvs|vgs|lvs) /, 20],
  [/^mkfs\.xfs /, 20],
  [/^(mount|umount) /, 8],
];

/** Everything else (directories, attributes) is a process start and a system call. */
const otherwise = 3;

export function measuredLatency(argv: readonly string[]): number {
  const line = argv.join(' ');
  return measured.find(([pattern]) => pattern.test(line))?.[1] ?? otherwise;
}

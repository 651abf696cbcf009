#!/bin/sh
# root.sh NODE: makes of the guest what a storage node is, as far as LVM can tell: kernel modules, a running udev, a
# disk that keeps /var/lib/brickyard over reboots. Then serves commands until it is told to stop. Nothing activates
# volume groups here, as systemd does on most machines: a brick must come back without that help.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
ip link set lo up
mkdir -p /run/lock /run/lvm
modprobe -a dm_mod dm_thin_pool dm_snapshot raid1 xfs ext4 loop fuse
/lib/systemd/systemd-udevd --daemon
# Only what is of use here: the rules of a device take a tenth of a second by emulation.
udevadm trigger --action=add --subsystem-match=block --subsystem-match=virtio-ports
udevadm settle
state=/dev/disk/by-id/virtio-STATE
blkid -p "$state" >/dev/null || mkfs.ext4 -q "$state"
mkdir -p /var/lib/brickyard
mount "$state" /var/lib/brickyard
"$1" "$(dirname "$0")/commands.ts" /dev/virtio-ports/commands
sync
echo o >/proc/sysrq-trigger
sleep 60

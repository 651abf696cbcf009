#!/bin/sh
# The first process of the guest, from the initramfs: mounts the host's file tree (9p, never written to) under an overlay
# in memory and hands over to root.sh in it. The kernel's command line names that script's folder and the Node to run:
# by.guest=FOLDER by.node=PROGRAM.
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do insmod "$module"; done </modules
for word in $(cat /proc/cmdline); do
  case $word in
    by.guest=*) guest=${word#by.guest=} ;;
    by.node=*) node=${word#by.node=} ;;
  esac
done
mkdir -p /host /upper /root
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host || poweroff -f
mount -t tmpfs upper /upper
mkdir /upper/changes /upper/work
mount -t overlay -o lowerdir=/host,upperdir=/upper/changes,workdir=/upper/work root /root || poweroff -f
for tree in dev proc sys; do mount --move "/$tree" "/root/$tree"; done
mount -t tmpfs run /root/run
exec switch_root /root /bin/sh "$guest/root.sh" "$node"

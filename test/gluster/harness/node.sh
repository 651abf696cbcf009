#!/usr/bin/env bash
# node.sh TREE NAME: process 1 of one node's namespaces. Gives it file trees of its own where gluster and Brickyard write,
# two bricks' worth of small disks, and an identity of this boot; then waits. TREE keeps what a machine's disk keeps: a node
# that is started again finds its gluster and its folders. See cluster.sh.
set -euo pipefail
tree=$1 name=$2
mount --make-rprivate /
mount -t proc proc /proc
hostname "$name"
mkdir -p "$tree"/{log-files,brickyard,disk-1,disk-2}
if [ ! -e "$tree/state" ]; then
  mkdir "$tree/state.new"
  cp -a /var/lib/glusterd/. "$tree/state.new/"
  rm -f "$tree/state.new/glusterd.info"
  mv "$tree/state.new" "$tree/state"
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/gluster /run/lock /run/sshd
# Nothing of this may show on the machine itself, not even empty directories.
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir /var/lib/glusterd /var/lib/brickyard
mount --bind "$tree/state" /var/lib/glusterd
mount --bind "$tree/brickyard" /var/lib/brickyard
mount --bind "$tree/log-files" /var/log/glusterfs
cat /proc/sys/kernel/random/uuid >"$tree/boot-id"
mount --bind "$tree/boot-id" /proc/sys/kernel/random/boot_id
# Bricks on tmpfs: trusted extended attributes and a size limit, no loop device to leave behind.
for brick in 1 2; do
  mkdir -p "/run/bricks/$brick"
  mount -t tmpfs -o size=64m tmpfs "/run/bricks/$brick"
  mkdir "/run/bricks/$brick/brick"
done
trap 'exit 0' TERM
echo ready
# Reaps what is orphaned in here.
while :; do sleep 3600 & wait $! || true; done

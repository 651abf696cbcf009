#!/usr/bin/env bash
# node.sh TREE NAME HOSTS: the first process of one node's namespaces. Gives it a file tree of its own where gluster
# writes, and two bricks' worth of small disks; then waits. See cluster.sh.
set -euo pipefail
tree=$1 name=$2 hosts=$3
mount --make-rprivate /
mount -t proc proc /proc
hostname "$name"
mkdir -p "$tree"/{state,log-files}
cp -a /var/lib/glusterd/. "$tree/state/"
rm -f "$tree/state/glusterd.info"
mount -t tmpfs tmpfs /run
mkdir -p /run/gluster
mount --bind "$tree/state" /var/lib/glusterd
mount --bind "$tree/log-files" /var/log/glusterfs
mount --bind "$hosts" /etc/hosts
# Bricks on tmpfs: trusted extended attributes and a size limit, no loop device to leave behind.
for brick in 1 2; do
  mkdir -p "/run/bricks/$brick"
  mount -t tmpfs -o size=64m tmpfs "/run/bricks/$brick"
  mkdir "/run/bricks/$brick/brick"
done
touch "$tree/ready"
trap 'exit 0' TERM
# Reaps what is orphaned in here.
while :; do sleep 3600 & wait $! || true; done

#!/usr/bin/env bash
# cluster.sh DIR COUNT PREFIX: the network and the undertaker of one test cluster. Process 1 of a pid namespace in which
# everything of the cluster lives. Prints `ready`, and lives until its standard input ends, which is also what happens when
# whoever started it is killed; then it ends every process, and with them mounts, loop devices and namespaces, and removes
# DIR, the nodes' file trees. Start it under `unshare --net --mount --pid --fork`.
#
# /proc stays the machine's: those who enter name processes by the numbers that the machine knows them by.
set -euo pipefail
dir=$1 count=$2 prefix=$3

stop() {
  # All but this process, however deep the namespace. Loop devices of nodes go when the last mount namespace has gone.
  kill -KILL -1 2>/dev/null || true
  for _ in $(seq 200); do
    kill -0 -1 2>/dev/null || break
    sleep 0.05
  done
  rm -rf --one-file-system "$dir"
}
trap stop EXIT
trap 'exit 0' TERM INT HUP

mount --make-rprivate /
{
  echo '127.0.0.1 localhost'
  for i in $(seq "$count"); do echo "$prefix.$i node-$i"; done
  echo "$prefix.200 client"
  echo "$prefix.254 controller"
} >"$dir/hosts"
mount --bind "$dir/hosts" /etc/hosts
ip link set lo up
ip link add nodes type bridge forward_delay 0 stp_state 0
ip addr add "$prefix.254/24" dev nodes
ip link set nodes up
echo ready
# What is orphaned in here becomes a child of this shell, which collects it.
cat >/dev/null

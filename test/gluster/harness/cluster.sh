#!/usr/bin/env bash
# cluster.sh DIR N: N storage nodes with a glusterd each, joined in one trusted pool, in namespaces of their own.
# Prints `node I PID ADDRESS` a node, then `ready`. Lives until its standard input ends, which is also what happens when
# whoever started it is killed; then everything in the namespaces ends with them. DIR holds the nodes' file trees.
# Start it under `unshare --net --mount`: the bridge between the nodes is then nobody else's.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
dir=$1 count=$2 prefix=10.77.0

ip link set lo up
ip link add nodes type bridge forward_delay 0 stp_state 0
ip link set nodes up

pids=()
stop() {
  # The first process of a pid namespace takes all others along.
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
}
trap stop EXIT

hosts="$dir/hosts"
{ echo '127.0.0.1 localhost'; for i in $(seq "$count"); do echo "$prefix.$i node-$i"; done; } >"$hosts"
for i in $(seq "$count"); do
  tree="$dir/node-$i"
  mkdir -p "$tree"
  # setpriv: the node ends with this shell even when that is killed.
  setpriv --pdeathsig KILL unshare --mount --net --uts --ipc --pid --fork --kill-child=KILL \
    "$here/node.sh" "$tree" "node-$i" "$hosts" </dev/null >"$tree/log" 2>&1 &
  parent=$!
  for _ in $(seq 500); do [ -e "$tree/ready" ] && break; sleep 0.01; done
  [ -e "$tree/ready" ] || { cat "$tree/log" >&2; exit 1; }
  pid=$(<"/proc/$parent/task/$parent/children")
  pid=${pid%% *}
  pids+=("$pid")
  ip link add "node-$i" type veth peer name eth0 netns "$pid"
  ip link set "node-$i" master nodes up
  in_node=(nsenter -t "$pid" -m -u -p -n -i --)
  "${in_node[@]}" ip link set lo up
  "${in_node[@]}" ip addr add "$prefix.$i/24" dev eth0
  "${in_node[@]}" ip link set eth0 up
  "${in_node[@]}" glusterd -p /run/glusterd.pid </dev/null
done

gluster() { nsenter -t "$1" -m -u -p -n -i -- gluster --mode=script "${@:2}"; }
# Tries for ten seconds.
until_true() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; "$@"; }
joined() { [ "$(gluster "$1" pool list | grep -c Connected)" = "$count" ]; }
for i in $(seq "$count"); do
  until_true gluster "${pids[$((i - 1))]}" pool list
  [ "$i" = 1 ] || until_true gluster "${pids[0]}" peer probe "$prefix.$i"
done
for pid in "${pids[@]}"; do until_true joined "$pid"; done
for i in $(seq "$count"); do echo "node $i ${pids[$((i - 1))]} $prefix.$i"; done
echo ready
cat >/dev/null

#!/usr/bin/env bash
# within.sh ROOT COMMAND...: runs a command of another Debian than this machine's: programs, settings and gluster's first
# state come from the file tree ROOT, in which nothing can be changed; all other folders, the tests' own among them, stay.
# Changes the mount namespace that it is started in, which must be nobody else's: what it mounts ends with that.
set -euo pipefail
root=$1
shift
mount --make-rprivate /
for folder in etc usr var/log var/lib; do
  mount --bind -o ro "$root/$folder" "/$folder"
done
exec "$@"

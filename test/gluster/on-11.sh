#!/usr/bin/env bash
# npm run test:gluster11: the gluster level on glusterfs 11, whatever this machine's own is. Further words go to vitest. A
# machine that cannot have it skips the level and says why; with gluster11 among the words of BRICKYARD_REQUIRE it fails.
# BRICKYARD_GLUSTER_ROOT is where the file tree lies or is made.
set -euo pipefail
cd "$(dirname "$0")/../.."
export BRICKYARD_GLUSTER_ROOT=${BRICKYARD_GLUSTER_ROOT:-/var/cache/brickyard/gluster-11}
required=,${BRICKYARD_REQUIRE:-},

if ! why=$(scripts/gluster-11.sh "$BRICKYARD_GLUSTER_ROOT" 2>&1); then
  if [[ $required == *,gluster11,* ]]; then
    echo "$why" >&2
    exit 1
  fi
  echo "gluster level on glusterfs 11 skipped: ${why##*$'\n'}" >&2
  exit 0
fi
if [[ $required == *,gluster11,* ]]; then
  export BRICKYARD_REQUIRE=$BRICKYARD_REQUIRE,gluster
fi
exec npx vitest run --project gluster "$@"

#!/usr/bin/env bash
# gluster-11.sh DIR: makes of DIR a file tree with glusterfs 11, which is that of Debian 13, for the tests to run their
# nodes from (BRICKYARD_GLUSTER_ROOT=DIR). Packages come from wherever this machine's apt gets Debian's. Does nothing when
# DIR has been made; leaves nothing when it fails or is killed that the next call does not remove. About 220 MB.
set -euo pipefail
fail() {
  echo "gluster-11.sh: $*" >&2
  exit 1
}

[ $# = 1 ] || fail "expected one argument, the folder to make, got $#"
dir=$1
[[ $dir == /?* ]] || fail "expected an absolute path, got '$dir'"
version() { chroot "$1" glusterd --version 2>/dev/null | head -n 1; }

[ "$(id -u)" = 0 ] || fail "expected to be root, got user $(id -un)"
mkdir -p "$(dirname "$dir")"
exec 9>"$dir.lock"
flock 9
if [ -e "$dir" ]; then
  [[ $(version "$dir") == 'glusterfs 11.'* ]] || fail "expected nothing or glusterfs 11 at $dir, got something else"
  exit 0
fi

for program in apt-get mmdebstrap unshare; do
  command -v "$program" >/dev/null || fail "expected the program $program, got none"
done
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
[ -n "$mirror" ] || fail 'expected apt to know a mirror of Debian, got none (apt-get update has to be run before)'

packages=glusterfs-server,xfsprogs,attr,iproute2,fuse,util-linux,mount,openssh-server,e2fsprogs,hostname,procps
rm -rf --one-file-system "$dir.new"
# What is mounted while it is made is gone with the namespaces, also when this script is killed.
unshare --mount --pid --fork --kill-child=KILL -- mmdebstrap --quiet --mode=root --variant=essential --include="$packages" \
  --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='Acquire::Languages "none"' \
  trixie "$dir.new" "deb $mirror trixie main" >&2 || fail "Debian 13 could not be had from $mirror"
made=$(version "$dir.new")
[[ $made == 'glusterfs 11.'* ]] || fail "expected glusterfs 11 from $mirror, got '$made'"
mv "$dir.new" "$dir"

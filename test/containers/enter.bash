#!/usr/bin/env bash
# Runs PROGRAM in a copy of this system that has container engines: enter.bash TOOLS WORK PROGRAM [ARGUMENT…]
#   TOOLS  an archive of the files of their packages
#   WORK   a directory, at the same path inside
# WORK/holder gets the id of a process that keeps the mount namespace until its user has ended what is left in it.
# To be run in a mount namespace of its own: everything is gone when that ends. / is an overlay on a tmpfs, cgroup v2 stands at
# /sys/fs/cgroup alone, as on hosts of today.
set -euo pipefail
tools=$1 work=$2
shift 2
mount --make-rprivate /
setsid sleep infinity </dev/null >/dev/null 2>&1 &
printf '%d\n' $! >"$work/holder"
world=$(mktemp -d)
mount -t tmpfs -o size=3g none "$world"
mkdir "$world"/{upper,work,root}
tar -xf "$tools" -C "$world/upper"
mount -t overlay -o "lowerdir=/,upperdir=$world/upper,workdir=$world/work" none "$world/root"
root=$world/root
mount -t proc none "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
umount -l "$root/sys/fs/cgroup"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs -o size=64m none "$root/run"
mkdir -p "$root/run/netns" "$root$work"
mount --bind "$work" "$root$work"
# Engines store images below /var/lib, as real file systems have to be.
mkdir -p "$root/var/lib/containers" "$root/var/lib/docker" "$root/var/lib/containerd"
for engine in containers docker containerd; do mount -t tmpfs -o size=1500m none "$root/var/lib/$engine"; done
mkdir -p "$root/mnt/old"
cd "$root"
pivot_root . mnt/old
umount -l /mnt/old
cd "$work"
exec "$@"

#!/bin/sh
# Runs a command in a root directory: enter-root.sh ROOT INPUT CACHE COMMAND…
# Must run in a mount namespace of its own (unshare --mount): all mounts disappear when that ends.
# INPUT   becomes /mnt/input
# CACHE   apt/ has downloaded packages, npm/ npm's cache, prebuilds/ compiled native modules
# A plain chroot is not sufficient: unshare(1) and mount(8) refuse to work there.
set -eu
root=$1 input=$2 cache=$3
shift 3
mount --make-rprivate /
# pivot_root(2) requires a mount, and sudo one without nosuid, which /var/tmp may have.
mount --bind "$root" "$root"
mount -o remount,bind,suid,dev,exec "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/mnt/input" "$root/var/cache/prebuilds" "$cache/apt/partial" "$cache/npm" "$cache/prebuilds"
mount --bind "$input" "$root/mnt/input"
mount --bind "$cache/apt" "$root/var/cache/apt/archives"
mount --bind "$cache/prebuilds" "$root/var/cache/prebuilds"
if [ -d "$root/home/sre" ]; then
  mkdir -p "$root/home/sre/.npm"
  mount --bind "$cache/npm" "$root/home/sre/.npm"
  chroot "$root" chown -R sre: /home/sre/.npm /var/cache/prebuilds
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$(uname -n)" >"$root/etc/hosts"
mkdir -p "$root/old-root"
cd "$root"
pivot_root . old-root
umount --lazy /old-root
rmdir /old-root
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"

#!/bin/sh
# Runs SCRIPT in a root directory, mounted onto ROOT, that contains only busybox, ARCHIVE in /opt, /proc and /sys:
# bare-chroot.sh ROOT ARCHIVE SCRIPT. Must run in a mount namespace of its own: everything disappears when that ends.
set -eu
root=$1 archive=$2 script=$3
mount --make-rprivate /
mount -t tmpfs -o size=300m none "$root"
mkdir "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/work" "$root/opt"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$archive" "$root/opt/archive.tar.gz"
mount -t proc none "$root/proc"
mount --rbind /sys "$root/sys"
for device in null urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
exec chroot "$root" /bin/busybox env -i PATH=/bin /bin/busybox sh -eu -c "/bin/busybox --install -s /bin; cd /work; $script"

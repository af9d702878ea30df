# shellcheck shell=bash
# Makes the traffic of test/kernels/guest on a kernel, and leaves what was found in a directory.

# A guest takes a minute on a machine with nothing else to do.
guest_seconds=400

# run_guest NAME DIRECTORY: in a guest of this kernel, by software emulation, with loopback as its only network. Its clock
# counts instructions, 2 ns each: however busy this machine is, times measured in the guest are those of its own work. Room
# for 8 CPUs gives bcc's kretprobes, of which one runs for each, enough to miss none.
run_guest() {
  local kernel=$kernel_cache/$1 found=$2 disk=$2/disk.img status=0
  truncate --size 256M "$disk"
  cat "$guest_cpio" "$kernel/modules.cpio" >"$found/initrd.cpio"
  nice -n 5 timeout "$guest_seconds" qemu-system-x86_64 -accel tcg -icount shift=1 -cpu max -smp 1,maxcpus=8 -m 2048 \
    -kernel "$kernel/vmlinuz" -initrd "$found/initrd.cpio" -append 'console=ttyS0 quiet panic=-1' \
    -display none -serial "file:$found/console.txt" -monitor none -no-reboot -nic none \
    -drive "file=$disk,if=virtio,format=raw" || status=$?
  tar -xf "$disk" -C "$found" || true
  rm -f "$disk" "$found/initrd.cpio"
  [[ -e $found/runs.txt ]] || say "note: $1 handed nothing back, and QEMU ended with $status: see $found/console.txt"
}

# run_host DIRECTORY: on this machine's own kernel, in namespaces of its own. Needs root.
run_host() {
  # Under sudo the recorder would give up root, and with it the directory that its output goes to.
  env -u SUDO_UID -u SUDO_GID -u SUDO_USER -u SUDO_COMMAND unshare --mount --net sh -c '
    ip link set lo up
    mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns
    [ -d /sys/kernel/debug/tracing ] || mount -t debugfs debugfs /sys/kernel/debug
    PATH=$0/bin:$PATH:/usr/sbin:/sbin
    cd "$1" && exec sh "$0/share/guest/traffic.sh" "$0/share/workload"' "$guest_root/usr/local" "$PWD/$1" \
    >"$1/console.txt" 2>&1 </dev/null || say "note: the traffic on this machine ended with $?: see $1/console.txt"
}

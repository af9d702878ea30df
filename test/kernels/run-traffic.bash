# shellcheck shell=bash
# Makes the traffic of test/kernels/guest on a kernel, and writes the results to a directory.

# A guest takes a minute and a half on an idle machine.
guest_seconds=2400
host_seconds=200

# seconds_for LIMIT: prints the limit, or the remaining time if that is shorter.
seconds_for() {
  local left
  left=$(time_left)
  echo $(($1 < left ? $1 : left))
}

# wait_for PID: waits for its end, and returns its status. On a signal, ends the process first.
wait_for() {
  local pid=$1 status=0
  trap 'kill -TERM "$pid" 2>/dev/null; wait "$pid"; exit 130' INT TERM
  wait "$pid" || status=$?
  trap - INT TERM
  return "$status"
}

# run_guest NAME DIRECTORY CPUS VARIANTS: runs a guest with this kernel, by software emulation, with loopback as its
# only network.
run_guest() {
  local kernel=$kernel_cache/$1 found=$2 disk=$2/disk.img status=0 emulator console machine parameters
  case $(architecture_of "$1") in
    amd64) emulator=(qemu-system-x86_64 -cpu max) console=ttyS0 ;;
    # By default, emulating pointer authentication would take most of the time.
    arm64) emulator=(qemu-system-aarch64 -machine virt -cpu 'max,pauth-impdef=on') console=ttyAMA0 ;;
  esac
  parameters="console=$console quiet panic=-1"
  [[ $4 == traffic ]] || parameters+=" stress=$4"
  # In a guest whose clock follows a busy machine, the kernel would report a waiting CPU as stuck.
  (($3 == 1)) || parameters+=' nosoftlockup rcupdate.rcu_cpu_stall_suppress=1'
  mapfile -t machine < <(machine_of "$3" "$4")
  truncate --size 256M "$disk"
  cat "$(guest_of "$1")/guest.cpio" "$kernel/usr.cpio" >"$found/initrd.cpio"
  nice -n 5 timeout "$(seconds_for "$guest_seconds")" "${emulator[@]}" "${machine[@]}" \
    -m 2048 -kernel "$kernel/vmlinuz" -initrd "$found/initrd.cpio" -append "$parameters" \
    -display none -serial "file:$found/console.txt" -monitor none -no-reboot -nic none \
    -drive "file=$disk,if=virtio,format=raw" </dev/null &
  wait_for $! || status=$?
  # The clock of a guest that waits for timers is ahead of this machine.
  tar --warning=no-timestamp -xf "$disk" -C "$found" || true
  rm -f "$disk" "$found/initrd.cpio"
  [[ -e $found/kernel.txt ]] || say "note: $1 handed nothing back, and QEMU ended with $status: see $found/console.txt"
}

# machine_of CPUS VARIANTS: prints options of QEMU, one per line.
# With one CPU, the guest's clock counts instructions, 2 ns each, and an idle guest skips to the next timer: durations in the
# guest depend only on its own work and waits, however busy this machine is. Counting requires a single thread for all CPUs.
# Two CPUs have a thread each instead, so that they run at the same time: with steering, 20,000 runs of the probe's programs
# met another one, compared with 1,800 when the CPUs took turns.
# maxcpus=8 gives bcc enough kretprobe instances, one per run in progress, so that it misses none.
machine_of() {
  local smp=$1
  [[ $2 != traffic ]] || smp=$1,maxcpus=8
  if (($1 == 1)); then
    printf '%s\n' -accel tcg -icount shift=1,sleep=off -smp "$smp"
  else
    printf '%s\n' -accel tcg,thread=multi -smp "$smp"
  fi
}

# run_host DIRECTORY VARIANTS: runs on this machine's kernel, in namespaces of its own. Needs root.
run_host() {
  local status=0 script=(traffic.sh) root
  root=$PWD/$(guest_of host)/root
  [[ $2 == traffic ]] || script=(stress.sh "${2//,/ }")
  # Under sudo the recorder would drop root, and could not access the directory of its output.
  # shellcheck disable=SC2016 # of the inner shell
  env -u SUDO_UID -u SUDO_GID -u SUDO_USER -u SUDO_COMMAND timeout --kill-after=10 "$(seconds_for "$host_seconds")" \
    unshare --mount --net sh -c '
    ip link set lo up
    mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns
    [ -d /sys/kernel/debug/tracing ] || mount -t debugfs debugfs /sys/kernel/debug
    PATH=$0/bin:$PATH:/usr/sbin:/sbin
    cd "$1" && exec sh "$0/share/guest/$2" "$0/share/workload" $3' "$root/usr/local" "$PWD/$1" "${script[@]}" \
    >"$1/console.txt" 2>&1 </dev/null &
  # The processes it started get the same signal.
  wait_for $! || status=$?
  ((status == 0)) || say "note: $2 on this machine ended with $status: see $1/console.txt"
}

# shellcheck shell=sh
# Runs one recorder without a filter and others with filters, all on the same traffic.

cgroup=''

record_filters() {
  make_cgroup
  make_programs
  start_waiting
  start_recorder all
  start_recorder filter-process --uid 5 --comm picked
  start_recorder filter-endpoint -4 --port 7,9 --dst 127.7.0.0/16,::1
  start_recorder filter-result --min-latency 100ms --outcome established
  start_recorder filter-pid -6 --pid "$waiting_4,$waiting_6"
  start_recorder filter-cgroup --cgroup "$cgroup"
  if make_pinned_maps; then start_recorder filter-maps --cgroupmap pinned/cgroups --mntnsmap pinned/mntns; fi
  await_recorders
  make_filter_traffic
  stop_recorders
  remove_cgroup
  umount pinned
}

# For each filter, an attempt that it accepts, and one that it rejects for a single reason.
make_filter_traffic() {
  run picked-root picked 127.0.0.1 9
  run_in 'setpriv --reuid=5 --clear-groups' picked-games picked 127.0.0.1 9
  run_in 'setpriv --reuid=5 --clear-groups' other-games connect 127.0.0.1 9
  run near-7 connect 127.7.0.1 7
  run near-8 connect 127.7.0.1 8
  run far-7 connect 127.8.0.1 7
  run over-6 connect ::1 7
  run answered loadgen --mode reset --threads 1 --count 2
  run late syn-reset --mode synack-delay 1100
  run given-up syn-reset --mode blackhole --seconds 1
  run_in programs/in-cgroup in-cgroup connect 127.0.0.1 9
  run_in 'unshare --mount' in-mntns connect ::1 9
  run_in 'tcpconn record -q filter-command.db --' in-command commanded 127.0.0.1 9
  # A shell of its own, so that its pid is not that of the recorder.
  echo "commanded $(sed -nE 's/.*"pid":([0-9]+).*/\1/p' run-in-command.txt) 0" >>runs.txt
  stop_waiting
}

cgroup_root() { awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts; }

make_cgroup() {
  cgroup=$(cgroup_root)/tcpconn-traffic-$$
  mkdir "$cgroup"
}

remove_cgroup() {
  [ -z "$cgroup" ] || rmdir "$cgroup"
  cgroup=''
}

make_programs() {
  # shellcheck disable=SC2154 # of traffic.sh
  for name in picked commanded; do ln -s "$workload/connect" "programs/$name"; done
  cat >programs/in-cgroup <<EOF
#!/bin/sh
echo \$\$ >"$cgroup/cgroup.procs" && exec "\$@"
EOF
  chmod +x programs/in-cgroup
}

# Two processes in the cgroup, each in a mount namespace of its own. Their facts are known before they connect.
start_waiting() {
  mkfifo waiting.fifo
  start_waiting_for 127.0.0.1
  waiting_4=$!
  start_waiting_for ::1
  waiting_6=$!
  exec 7>waiting.fifo
  for pid in "$waiting_4" "$waiting_6"; do
    until is_waiting "$pid" || ! is_alive "$pid"; do sleep 0.05; done
  done
}

start_waiting_for() {
  # shellcheck disable=SC2016 # of the inner shell
  programs/in-cgroup unshare --mount sh -c 'read -r _; exec "$0" "$1" 9' "$workload/connect" "$1" \
    >"run-waiting-$1.txt" 2>&1 <waiting.fifo &
}

is_waiting() { [ "$(readlink "/proc/$1/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]; }

# One line for each: the first reader gets one of them.
stop_waiting() {
  printf '\n\n' >&7
  for family in 4:$waiting_4 6:$waiting_6; do
    wait "${family#*:}"
    echo "waiting-${family%:*} ${family#*:} $?" >>runs.txt
  done
}

# Sets as for bcc, see its docs/special_filtering.md: of cgroup ids, and of mount namespaces. The second contains only
# one of the two waiting processes.
make_pinned_maps() {
  mkdir pinned
  mount -t bpf bpf pinned
  mntns=$(readlink "/proc/$waiting_6/ns/mnt" | tr -dc 0-9)
  pin_set cgroups 8 "$(stat -c %i "$cgroup")" && pin_set mntns 4 "$mntns"
}

# pin_set NAME VALUE_BYTES KEY
pin_set() {
  bpftool map create "pinned/$1" type hash key 8 value "$2" entries 8 name "$1" || return
  # shellcheck disable=SC2046 # one word a byte
  bpftool map update pinned "pinned/$1" key $(print_bytes "$3" 8) value $(print_bytes 1 "$2")
}

# print_bytes NUMBER COUNT: prints little-endian bytes.
print_bytes() {
  number=$1 count=$2
  while [ "$count" -gt 0 ]; do
    printf '%d ' $((number & 255))
    number=$((number >> 8)) count=$((count - 1))
  done
}

#!/bin/sh
# Connects with eight threads while tasks preempt each other inside the probe, with attempts that stay pending. Each variant
# is recorded into a directory of its own, for test/kernels/judge/stress-checks.ts.
#   stress.sh DIRECTORY_OF_WORKLOADS VARIANT…
# VARIANT is a preemption model (none, voluntary, full, lazy), a model with receive packet steering on loopback (full+rps), or
# rps: steering under the model that the kernel booted with. Runs in a network and a mount namespace without other processes.
set -u
workload=$1
here=$(dirname "$0")
shift
# Writing a model there has the effect of the boot parameter `preempt=`: both end in sched_dynamic_update(), and both
# refuse what sched_dynamic_mode() does not know. One boot is therefore sufficient for all models.
preempt=/sys/kernel/debug/sched/preempt

# shellcheck source=SCRIPTDIR/recorders.sh
. "$here/recorders.sh"

# 10.88.0.9 never answers: its hardware address belongs to no host.
make_silent_link() {
  ip link add silent0 type veth peer name silent1
  ip address add 10.88.0.1/24 dev silent0
  for device in silent0 silent1; do ip link set "$device" up; done
  # Attempts stay pending for half an hour instead of two minutes, however slow the guest is.
  echo 15 >/proc/sys/net/ipv4/tcp_syn_retries
  ip neighbour add 10.88.0.9 lladdr 02:00:00:00:00:09 dev silent0 nud permanent
}

# The active model is in parentheses.
current_model() { sed -nE 's/.*\((.*)\).*/\1/p' "$preempt" 2>/dev/null; }

# set_variant NAME: sets it. If that is not possible, writes the reason to refused.txt.
set_variant() {
  case $1 in
  rps) cpus=3 model=$first_model ;;
  *+rps) cpus=3 model=${1%+rps} ;;
  *) cpus=0 model=$1 ;;
  esac
  steer_packets "$cpus"
  [ "$(current_model)" = "$model" ] || set_model "$model"
  cat "$preempt" >preempt.txt 2>/dev/null
}

set_model() {
  if [ ! -e "$preempt" ]; then
    echo 'this kernel has one model only: there is no /sys/kernel/debug/sched/preempt' >refused.txt
  elif ! echo "$1" 2>/dev/null >"$preempt"; then
    echo "this kernel refuses $1, and accepts: $(tr -d '()\n' <"$preempt")" >refused.txt
  fi
}

# steer_packets CPUS: the CPUs that receive packets of loopback, 3 for both and 0 for no steering. A network namespace shows its
# own devices in a sysfs that was mounted in it.
steer_packets() {
  mkdir sys
  mount -t sysfs sysfs sys
  echo "$1" >sys/class/net/lo/queues/rx-0/rps_cpus
  cat sys/class/net/lo/queues/rx-0/rps_cpus >steering.txt
  umount sys
  rmdir sys
}

# start NAME PROGRAM [ARGUMENT…]: starts a workload; its pid is in $!.
start() {
  name=$1 program=$workload/$2
  shift 2
  "$program" "$@" >"run-$name.txt" 2>&1 </dev/null &
}

# finish NAME PID: waits for a workload, and notes its pid and its status.
finish() {
  wait "$2"
  echo "$1 $2 $?" >>runs.txt
}

make_attempts() {
  start established loadgen --mode reset --threads 8 --count 25000
  finish established $!
  start refused loadgen --mode refused --threads 8 --count 25000
  refused=$!
  # In parallel with the others.
  mkfifo pending.fifo
  "$workload/many-pending" 20 10.88.0.9 81 >run-pending.txt 2>&1 <pending.fifo &
  pending=$!
  exec 8>pending.fifo
  until [ -s run-pending.txt ] || ! is_alive "$pending"; do sleep 0.05; done
  finish refused "$refused"
}

# They have no answer when recording ends.
end_pending() {
  exec 8>&-
  finish pending "$pending"
  rm pending.fifo
}

# run_variant NAME
run_variant() {
  mkdir "$1"
  cd "$1" || exit
  : >runs.txt
  started=$(cut -d' ' -f1 /proc/uptime)
  set_variant "$1"
  [ -e refused.txt ] || record_attempts
  echo "$1: $started to $(cut -d' ' -f1 /proc/uptime) s"
  cd ..
}

record_attempts() {
  start_recorder stress
  await_recorders
  grep '^Tcp:' /proc/net/snmp >snmp-before.txt
  make_attempts
  grep '^Tcp:' /proc/net/snmp >snmp-after.txt
  # Program runs that the kernel skipped because another run was in progress on that CPU.
  bpftool --json prog show >programs.json
  stop_recorders
  end_pending
}

uname -r >kernel.txt
nproc >cpus.txt
first_model=$(current_model)
make_silent_link
for variant in "$@"; do run_variant "$variant"; done

#!/bin/sh
# Makes real traffic on this kernel. Records it with tcpconn from PATH, and with the tools that it is compared with. Leaves
# traces, the output of the other tools and packet captures in the working directory, for test/kernels/judge/.
#   traffic.sh DIRECTORY_OF_WORKLOADS
# Runs in a network and a mount namespace without other processes: it changes sysctls and does not remove its namespaces.
set -u
workload=$1
here=$(dirname "$0")
input=/dev/null
mkdir -p programs /run/netns
: >runs.txt

# shellcheck source=SCRIPTDIR/recorders.sh
. "$here/recorders.sh"
# shellcheck source=SCRIPTDIR/outcomes.sh
. "$here/outcomes.sh"
# shellcheck source=SCRIPTDIR/links.sh
. "$here/links.sh"
# shellcheck source=SCRIPTDIR/filters.sh
. "$here/filters.sh"
# shellcheck source=SCRIPTDIR/clock.sh
. "$here/clock.sh"
# shellcheck source=SCRIPTDIR/names.sh
. "$here/names.sh"
# shellcheck source=SCRIPTDIR/archive.sh
. "$here/archive.sh"

# run NAME PROGRAM [ARGUMENT…]: runs a workload to its end. Notes its pid and its status under NAME.
run() { run_in '' "$@"; }

# run_in COMMAND NAME PROGRAM [ARGUMENT…]: the same, with a command that executes the workload.
run_in() {
  in=$1 name=$2 program=$workload/$3
  [ -e "$program" ] || program=programs/$3
  shift 3
  # shellcheck disable=SC2086 # words of a command
  $in "$program" "$@" >"run-$name.txt" 2>&1 <"$input" &
  pid=$!
  wait "$pid"
  echo "$name $pid $?" >>runs.txt
}

measure() {
  started=$(cut -d' ' -f1 /proc/uptime)
  "$@"
  echo "$1 $started $(cut -d' ' -f1 /proc/uptime)" >>phases.txt
}

# After an interrupt nothing remains: the processes it started get the same signal.
trap 'exit 143' TERM
trap 'wait; remove_cgroup' EXIT

uname -r >kernel.txt
[ -d /sys/kernel/debug/kprobes ] || echo 'this kernel has no kprobes' >no-kprobes.txt
tcpconn --version >version.txt 2>&1
tcpconn doctor >doctor.txt 2>&1
echo "$?" >doctor-status.txt
# Not NAME.err: it has a limit that the other recordings do not have.
tcpconn record -q nat.db --nat --duration 100ms >nat-record.txt 2>&1
tcpconn info nat.db >nat-info.txt 2>&1
tcpconn analyze top-endpoints nat.db >nat-analyze.txt 2>&1
measure make_links
measure record_outcomes
measure record_delays
measure record_many
measure record_filters
measure record_names
measure record_clock
measure record_with_archive

# shellcheck shell=sh
# Makes attempts with every outcome, over IPv4, IPv6 and IPv4-mapped addresses, together with bcc's tools.

record_outcomes() {
  start_recorder outcomes
  start_peer tcpconnect tcpconnect -U -s
  start_peer tcptracer tcptracer -U
  start_peer tcpconnlat tcpconnlat -L
  await_recorders
  make_outcomes
  stop_recorders
  stop_pending
}

make_outcomes() {
  # Slow attempts run in parallel with the others.
  make_slow_outcomes &
  slow=$!
  for_families 127.0.0.1 ::1 make_local_outcomes
  run threads loadgen --mode reset --threads 4 --count 200
  run fast-open fastopen --listen --rounds 2 127.0.0.1 4000
  if [ -e /proc/sys/net/mptcp ]; then run mptcp mptcp; fi
  wait "$slow"
  start_pending
}

# for_families IPV4 IPV6 COMMAND: runs it with a family and its address; also with IPv4 as an IPv4-mapped address.
for_families() {
  "$3" 4 "$1"
  "$3" 6 "$2"
  "$3" mapped "::ffff:$1"
}

make_local_outcomes() {
  run "established-$1" loadgen --mode reset --threads 1 --count 200 --address "$2"
  run "refused-$1" connect "$2" 9 --count 20
  run "local-error-$1" no-free-port "$2"
  run "reset-$1" syn-reset --mode reset --family "$1"
  run "unreachable-$1" syn-reset --mode unreachable --family "$1"
}

make_slow_outcomes() {
  for_families 10.88.0.9 fd88::9 start_timed_out
  for_families 10.88.0.8 fd88::8 start_no_neighbour
  for_families 10.77.0.2 fd77::2 start_handshakes
  run_reused_sockets
  wait
}

# shellcheck disable=SC2154 # of links.sh
start_timed_out() { run_in "$near" "timed-out-$1" connect "$2" 80 --user-timeout 2500 & }

# Not in parallel: each listens on the same port.
run_reused_sockets() {
  for one in closed-after-disconnect closed-after-refused refused-after-refused no-port-for-bound; do
    run_in "$near" "$one" reused-socket "$one" 10.88.0.9
  done
}

start_no_neighbour() { run_in "$near" "no-neighbour-$1" connect "$2" 80 & }

start_handshakes() {
  run "cancelled-$1" syn-reset --mode blackhole --family "$1" --seconds 2 &
  run "retransmitted-$1" syn-reset --mode synack-delay --family "$1" 1500 &
}

# Attempts without an answer when recording ends.
start_pending() {
  pending=''
  mkfifo pending.fifo
  for_families 10.88.0.9 fd88::9 start_pending_of
  # They read stdin to its end, which all of them share.
  exec 8>pending.fifo
  for one in $pending; do
    until [ -s "run-pending-${one%:*}.txt" ] || ! is_alive "${one#*:}"; do sleep 0.05; done
  done
  rm pending.fifo
}

start_pending_of() {
  # shellcheck disable=SC2154 # of traffic.sh and links.sh
  $near "$workload/many-pending" 20 "$2" 81 >"run-pending-$1.txt" 2>&1 <pending.fifo &
  pending="$pending $1:$!"
}

stop_pending() {
  exec 8>&-
  for one in $pending; do
    wait "${one#*:}"
    echo "pending-${one%:*} ${one#*:} $?" >>runs.txt
  done
}

# Many attempts. The kernel counts them too.
record_many() {
  start_recorder many
  await_recorders
  grep '^Tcp:' /proc/net/snmp >snmp-before.txt
  run many-4 loadgen --mode reset --threads 2 --count 4000
  run many-6 loadgen --mode reset --threads 1 --count 500 --address ::1
  run many-refused loadgen --mode refused --threads 1 --count 500
  grep '^Tcp:' /proc/net/snmp >snmp-after.txt
  stop_recorders
  tcpconn info many.db >info.txt 2>&1
}

# shellcheck shell=sh
# Attempts with every outcome, over IPv4, IPv6 and IPv4-mapped addresses, beside bcc's tools.

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
  # Those that take a while by themselves run beside the others.
  make_slow_outcomes &
  slow=$!
  for family in 4:127.0.0.1 6:::1 mapped:::ffff:127.0.0.1; do
    run "established-${family%%:*}" loadgen --mode reset --threads 1 --count 200 --address "${family#*:}"
    run "refused-${family%%:*}" connect "${family#*:}" 9 --count 20
  done
  run threads loadgen --mode reset --threads 4 --count 200
  run reset syn-reset --mode reset
  run unreachable syn-reset --mode unreachable
  run local-error no-free-port
  run fast-open fastopen --listen --rounds 2 127.0.0.1 4000
  if [ -e /proc/sys/net/mptcp ]; then run mptcp mptcp; fi
  wait "$slow"
  start_pending
}

make_slow_outcomes() {
  run_in "$near" timed-out connect 10.88.0.9 80 --user-timeout 2500 &
  run_in "$near" no-neighbour connect 10.88.0.8 80 &
  run cancelled syn-reset --mode blackhole --seconds 1 &
  run retransmitted syn-reset --mode synack-delay 1500 &
  wait
}

# 50 attempts that have no answer when recording ends.
start_pending() {
  mkfifo pending.fifo
  # shellcheck disable=SC2154 # of traffic.sh and links.sh
  $near "$workload/many-pending" 50 10.88.0.9 81 >run-pending.txt 2>&1 <pending.fifo &
  pending=$!
  exec 8>pending.fifo
  rm pending.fifo
  until [ -s run-pending.txt ] || ! is_alive "$pending"; do sleep 0.05; done
}

stop_pending() {
  exec 8>&-
  wait "$pending"
  echo "pending $pending $?" >>runs.txt
}

# Many attempts, counted by the kernel as well.
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

# shellcheck shell=sh
# Sets the wall clock forward and back by an hour while attempts are made.

record_clock() {
  # Only in a guest: on the host, other processes use the same clock.
  [ -e /lib/modules/order ] || return 0
  start_recorder clock
  await_recorders
  connect_at clock-first
  # This attempt is in flight while the clock is set.
  # shellcheck disable=SC2154 # of links.sh
  run_in "$near" clock-across connect 10.88.0.9 82 --user-timeout 4000 &
  across=$!
  now=$(date +%s)
  echo "clock-across $now $((now + 1))" >>clock.txt
  sleep 1
  set_clock 3600
  connect_at clock-ahead
  wait "$across"
  set_clock -3600
  connect_at clock-back
  set_clock -3600
  connect_at clock-behind
  set_clock 3600
  connect_at clock-last
  stop_recorders
  tcpconn info clock.db >clock-info.txt 2>&1
}

# set_clock SECONDS: sets the clock by this much. The recorder checks the clock once per second: an attempt that begins
# up to a second before the check has the new time.
set_clock() {
  sleep 1.5
  date -s "@$(($(date +%s) + $1))" >>clock.log
  sleep 1.5
}

# connect_at NAME: connects, and notes the wall clock before and after, in whole seconds.
connect_at() {
  before=$(date +%s)
  run "$1" connect 127.0.0.1 9
  echo "$1 $before $(date +%s)" >>clock.txt
}

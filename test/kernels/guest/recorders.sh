# shellcheck shell=sh
# Starts, awaits and stops the programs that record the traffic: tcpconn, bcc's tools, tcpdump.

recorders=''

# start_recorder NAME [OPTION…]: records into NAME.db, with stderr in NAME.err.
start_recorder() {
  name=$1
  shift
  tcpconn record -q "$name.db" --duration 900 "$@" 2>"$name.err" </dev/null &
  recorders="$recorders $!:$name.db-wal:$name"
}

# start_peer NAME PROGRAM [OPTION…]: NAME must be unique among the programs that run at the same time.
start_peer() {
  name=$1
  shift
  "$@" >"$name.txt" 2>"$name.err" </dev/null &
  recorders="$recorders $!:$name.txt:$name"
}

# Numbers of the system calls in which programs wait for events: epoll_wait, epoll_pwait, poll; arm64 has epoll_pwait
# and ppoll.
case $(uname -m) in
  aarch64) waiting_calls='22|73' ;;
  *) waiting_calls='232|281|7' ;;
esac

# A program is ready when it has opened its file and waits for events.
await_recorders() {
  for recorder in $recorders; do
    pid=${recorder%%:*} file=${recorder#*:}
    file=${file%:*}
    until [ -e "$file" ] && grep -qE "^($waiting_calls) " "/proc/$pid/syscall" || ! is_alive "$pid"; do sleep 0.05; done
  done
}

is_alive() { [ -d "/proc/$1" ]; }

# Notes how each of them ended.
stop_recorders() {
  # Readers get events with a delay.
  sleep 0.5
  for recorder in $recorders; do kill -INT "${recorder%%:*}" 2>/dev/null; done
  for recorder in $recorders; do
    wait "${recorder%%:*}"
    echo "${recorder##*:} $?" >>recorders.txt
  done
  recorders=''
}

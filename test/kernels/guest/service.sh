#!/bin/sh
# tcpconn as a systemd service, as in docs/service.md; then a recorder that hangs.
#   service.sh DIRECTORY_OF_WORKLOADS
set -u
workload=$1
unit=/usr/local/lib/node_modules/tcpconn/systemd/tcpconn.service
traces=/var/lib/tcpconn

# run NAME: three refused attempts. Notes pid and status under NAME.
run() {
  "$workload/connect" 127.0.0.1 9 --count 3 >"run-$1.txt" &
  pid=$!
  wait "$pid"
  echo "$1 $pid $?" >>runs.txt
}

# note NAME: notes the properties of the service.
note() {
  systemctl show tcpconn --property=ActiveState,SubState,StatusText,Result,NRestarts,ExecMainStatus,MemoryCurrent >"service-$1.txt"
}

main_pid() { systemctl show tcpconn --property=MainPID --value; }

cp "$unit" /etc/systemd/system/
systemctl daemon-reload
systemctl enable --now tcpconn
run serviced
# It sends its status every 10 s.
sleep 11
note started

# The watchdog timeout is the value under test; the other two are short to save time.
mkdir -p /run/systemd/system/tcpconn.service.d
printf '[Service]\nWatchdogSec=4s\nRestartSec=1s\n' >/run/systemd/system/tcpconn.service.d/short.conf
systemctl daemon-reload
systemctl restart tcpconn
run before-hang
# The recorder writes an attempt within 200 ms.
sleep 0.5
hung=$(main_pid)
kill -STOP "$hung"
until [ "$(main_pid)" -ne 0 ] && [ "$(main_pid)" -ne "$hung" ] && systemctl --quiet is-active tcpconn; do sleep 0.2; done
run after-hang
# It closes the file of the recorder that hung.
sleep 1
note restarted

run before-stop
systemctl stop tcpconn
note stopped
journalctl --sync
journalctl --unit=tcpconn --output=cat --no-pager >service-journal.txt
cp -r "$traces" service-traces

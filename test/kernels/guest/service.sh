#!/bin/sh
# tcpconn as a service of systemd: what docs/service.md says, then a recorder that hangs.
#   service.sh DIRECTORY_OF_WORKLOADS
set -u
workload=$1
unit=/usr/local/lib/node_modules/tcpconn/systemd/tcpconn.service
traces=/var/lib/tcpconn

# run NAME: three attempts that are refused. Its pid and its status are noted under NAME.
run() {
  "$workload/connect" 127.0.0.1 9 --count 3 >"run-$1.txt" &
  pid=$!
  wait "$pid"
  echo "$1 $pid $?" >>runs.txt
}

# note NAME: what systemd says of the service.
note() {
  systemctl show tcpconn --property=ActiveState,SubState,StatusText,Result,NRestarts,ExecMainStatus,MemoryCurrent >"service-$1.txt"
}

main_pid() { systemctl show tcpconn --property=MainPID --value; }

cp "$unit" /etc/systemd/system/
systemctl daemon-reload
systemctl enable --now tcpconn
run serviced
# It says how it goes every 10 s.
sleep 11
note started

# Of the three values the watchdog's is the one under test; the others are short so as to wait less.
mkdir -p /run/systemd/system/tcpconn.service.d
printf '[Service]\nWatchdogSec=4s\nRestartSec=1s\n' >/run/systemd/system/tcpconn.service.d/short.conf
systemctl daemon-reload
systemctl restart tcpconn
run before-hang
# It is written within 200 ms.
sleep 0.5
hung=$(main_pid)
kill -STOP "$hung"
until [ "$(main_pid)" -ne 0 ] && [ "$(main_pid)" -ne "$hung" ] && systemctl --quiet is-active tcpconn; do sleep 0.2; done
run after-hang
# In which it closes the file of the one that hung.
sleep 1
note restarted

run before-stop
systemctl stop tcpconn
note stopped
journalctl --sync
journalctl --unit=tcpconn --output=cat --no-pager >service-journal.txt
cp -r "$traces" service-traces

# shellcheck shell=sh
# Tests the archive of script/bundle in a root directory that otherwise has only busybox.

record_with_archive() {
  [ -d /bare ] || return
  for system in proc sysfs; do mount -t "$system" "$system" "/bare/${system%fs}"; done
  chroot /bare /tcpconn/bin/tcpconn record -q /archive.db --duration 60 >archive.txt 2>archive.err </dev/null &
  recorders="$recorders $!:/bare/archive.db-wal:archive"
  await_recorders
  run archived connect 127.0.0.1 9 --count 3
  stop_recorders
  mv /bare/archive.db .
}

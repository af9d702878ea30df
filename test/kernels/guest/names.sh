# shellcheck shell=sh
# Makes lookups before connects, connects that fail before a SYN, and attempts by threads of the kernel.

names='ip netns exec names'

record_names() {
  make_names
  start_dnsmasq
  start_recorder names --dns --local-errors
  start_recorder names-libc --dns=libc
  await_recorders
  # resolve waits for a line on stdin.
  echo >line.txt
  input=line.txt
  run_in "$names" named resolve named.example 9
  run_in "$names" missing resolve missing.example 9
  input=/dev/null
  run_in "$names" dns-queries dns-queries
  run_in "$names" local-errors local-errors
  run_in "$names" ring-worker io-uring 10.77.0.1 9 worker
  run_in "$names" ring-poller io-uring 10.77.0.1 9 poller
  stop_recorders
  kill "$dnsmasq"
  wait "$dnsmasq"
}

# All of 10.77.0.0/16 is local there, and 192.0.2.0/24 is prohibited. libc uses the name server of the namespace.
make_names() {
  ip netns add names
  $names ip link set lo up
  $names ip route add local 10.77.0.0/16 dev lo
  $names ip route add prohibit 192.0.2.0/24
  echo 'nameserver 127.0.0.1' >resolv.conf
  echo 'hosts: files dns' >nsswitch.conf
  for file in resolv.conf nsswitch.conf; do mount --bind "$file" "/etc/$file"; done
}

start_dnsmasq() {
  $names dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --pid-file= --user=root \
    --local=/example/ --host-record=named.example,10.77.0.1 >dnsmasq.txt 2>&1 </dev/null &
  dnsmasq=$!
  until grep -q ':0035 ' "/proc/$dnsmasq/net/udp" || ! is_alive "$dnsmasq"; do sleep 0.05; done
}

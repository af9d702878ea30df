# shellcheck shell=sh
# Two network namespaces and a link between them, whose far end answers late.

near='ip netns exec near'
far='ip netns exec far'

make_links() {
  ip netns add near && ip netns add far
  ip link add near0 netns near address 02:00:00:00:00:01 type veth peer name far0 netns far address 02:00:00:00:00:02
  $near ip address add 10.88.0.1/24 dev near0
  $far ip address add 10.88.0.2/24 dev far0
  $near ip address add fd88::1/64 dev near0 nodad
  $far ip address add fd88::2/64 dev far0 nodad
  for device in lo near0; do $near ip link set "$device" up; done
  for device in lo far0; do $far ip link set "$device" up; done
  # Static neighbour entries: netem would delay ARP like everything else that the far end sends.
  for address in 10.88.0.2 fd88::2; do know "$near" "$address" 02:00:00:00:00:02 near0; done
  for address in 10.88.0.1 fd88::1; do know "$far" "$address" 02:00:00:00:00:01 far0; done
  # 10.88.0.9 and fd88::9 accept packets and never answer; 10.88.0.8 and fd88::8 have no known hardware address.
  for address in 10.88.0.9 fd88::9; do know "$near" "$address" 02:00:00:00:00:09 near0; done
  # One neighbour request instead of three, one second apart.
  for version in ipv4 ipv6; do $near sh -c "echo 1 >/proc/sys/net/$version/neigh/near0/mcast_solicit"; done
}

# know NAMESPACE ADDRESS HARDWARE_ADDRESS DEVICE
know() { $1 ip neighbour add "$2" lladdr "$3" dev "$4" nud permanent; }

# netem delays the answers, not the SYNs: a capture on the near end sees both at the same time as the host.
record_delays() {
  $far tc qdisc add dev far0 root netem delay 5ms 2>netem.err || return
  mkfifo acceptor.fifo
  # shellcheck disable=SC2154 # of traffic.sh
  $far "$workload/acceptor" :: 5000 >run-acceptor.txt 2>&1 <acceptor.fifo &
  exec 9>acceptor.fifo
  start_recorder delays
  start_peer delays-tcpconnlat tcpconnlat -L
  start_peer delays-tcpdump $near tcpdump -Z root -i near0 -U -w delays.pcap tcp
  await_recorders
  # Emulation is slower when code runs for the first time.
  run_in "$near" warm-4 connect 10.88.0.2 5000 --count 2
  run_in "$near" warm-6 connect fd88::2 5000 --count 2
  for delay_ms in 0 5 50 200; do
    $far tc qdisc change dev far0 root netem delay "${delay_ms}ms"
    run_in "$near" "delay-$delay_ms-4" connect 10.88.0.2 5000 --count 10
    run_in "$near" "delay-$delay_ms-6" connect fd88::2 5000 --count 5
  done
  # tcpdump writes its buffer once per second.
  sleep 1.5
  stop_recorders
  echo >&9
  wait
}

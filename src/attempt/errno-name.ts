import { getSystemErrorName } from 'node:util'

/**
 * Errors of a connect on Linux, by number. From tcp_v4_connect, tcp_v6_connect, tcp_rcv_synsent_state_process,
 * icmp_err_convert, icmpv6_err_convert, and the route types (fib_props, ip6_rt_init_dst_reject).
 */
const NAMES: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  1: ['EPERM', 'not permitted on this host: a firewall, a BPF program of the cgroup, or seccomp'],
  11: ['EAGAIN', 'a route of type throw, or no memory for a route'],
  12: ['ENOMEM', 'the kernel is out of memory'],
  13: ['EACCES', 'not allowed: a prohibit route, an ICMPv6 rejection, a security policy, or a broadcast address'],
  14: ['EFAULT', 'the address is not in the memory of the process'],
  19: ['ENODEV', 'no such network interface'],
  22: ['EINVAL', 'a blackhole route, or an invalid address: its length, or an IPv6 scope without an interface'],
  32: ['EPIPE', 'closed by the peer while connecting'],
  38: ['ENOSYS', 'the system call is not available: seccomp'],
  64: ['ENONET', 'the machine is not on the network (ICMP)'],
  71: ['EPROTO', 'protocol error (ICMPv6)'],
  90: ['EMSGSIZE', 'fragmentation needed (ICMP)'],
  91: ['EPROTOTYPE', 'wrong protocol type for the socket'],
  92: ['ENOPROTOOPT', 'the peer does not support the protocol (ICMP)'],
  95: ['EOPNOTSUPP', 'not supported (ICMP)'],
  96: ['EPFNOSUPPORT', 'protocol family not supported'],
  97: ['EAFNOSUPPORT', 'address family not supported'],
  98: ['EADDRINUSE', 'the local address is in use'],
  99: ['EADDRNOTAVAIL', 'no free local port or no such local address'],
  100: ['ENETDOWN', 'the network is down'],
  101: ['ENETUNREACH', 'no route to the network, or a router has none (ICMP)'],
  103: ['ECONNABORTED', 'aborted, for example by ss --kill'],
  104: ['ECONNRESET', 'reset by the peer while connecting'],
  105: ['ENOBUFS', 'the kernel is out of buffers'],
  110: ['ETIMEDOUT', 'no answer to any SYN'],
  111: ['ECONNREFUSED', 'no process listens on the port, or a firewall rejects the SYN'],
  112: ['EHOSTDOWN', 'the host is down (ICMP)'],
  113: ['EHOSTUNREACH', 'no route to the host, an unreachable route, no answer to ARP or neighbour discovery, or ICMP'],
}

/**
 * Name and meaning of an errno, `null` for none. BPF programs and seccomp can make connect(2) fail with any errno. An
 * unknown number is its own name.
 */
export function describeErrno(errno: number | null): { name: string; meaning: string } | null {
  if (errno === null) return null
  const [name, meaning] = NAMES[errno] ?? [nameOf(errno), 'see errno(3)']
  return { name, meaning }
}

function nameOf(errno: number): string {
  const name = errno > 0 ? getSystemErrorName(-errno) : ''
  return /^E[A-Z0-9]+$/.test(name) ? name : String(errno)
}

/** Errors that a connect ends with on Linux, by number: tcp_v4_connect, tcp_rcv_synsent_state_process, icmp_err_convert. */
const NAMES: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  1: ['EPERM', 'a firewall of this host forbids it'],
  12: ['ENOMEM', 'the kernel is out of memory'],
  13: ['EACCES', 'not allowed: a security policy, or a broadcast address'],
  32: ['EPIPE', 'closed by the other side while connecting'],
  64: ['ENONET', 'the machine is not on the network (ICMP)'],
  71: ['EPROTO', 'protocol error (ICMP)'],
  90: ['EMSGSIZE', 'fragmentation needed (ICMP)'],
  92: ['ENOPROTOOPT', 'the other side does not speak the protocol (ICMP)'],
  95: ['EOPNOTSUPP', 'not supported (ICMP)'],
  97: ['EAFNOSUPPORT', 'address family not supported'],
  98: ['EADDRINUSE', 'the local address is in use'],
  99: ['EADDRNOTAVAIL', 'no free local port or no such local address'],
  100: ['ENETDOWN', 'the network is down'],
  101: ['ENETUNREACH', 'no route to the network'],
  103: ['ECONNABORTED', 'aborted, as by ss --kill'],
  104: ['ECONNRESET', 'reset by the other side while connecting'],
  105: ['ENOBUFS', 'the kernel is out of buffers'],
  110: ['ETIMEDOUT', 'no answer to any SYN'],
  111: ['ECONNREFUSED', 'nobody listens on the port'],
  112: ['EHOSTDOWN', 'the host is down (ICMP)'],
  113: ['EHOSTUNREACH', 'no route to the host, or it does not answer ARP'],
}

/** Name and meaning of an errno, `null` for none. A number without a name here is its own name. */
export function describeErrno(errno: number | null): { name: string; meaning: string } | null {
  if (errno === null) return null
  const [name, meaning] = NAMES[errno] ?? [String(errno), 'see errno(3)']
  return { name, meaning }
}

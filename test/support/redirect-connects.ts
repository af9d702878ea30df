import type { Cgroup } from './cgroup.js'
import { attachToConnect } from './connect-program.js'

/** Addresses of a service with port 80. There is no route to them. */
export const SERVICE = { ipv4: '10.77.0.80', ipv6: 'fd77::80', port: 80 } as const

/** As socket load balancers do: redirects connects to the service to loopback. */
const PROGRAM = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
SEC("cgroup/connect4") int redirect4(volatile struct bpf_sock_addr *c)
{
	if (c->user_ip4 == bpf_htonl(0x0a4d0050) && c->user_port == bpf_htons(80)) {
		c->user_ip4 = bpf_htonl(0x7f000001);
		c->user_port = bpf_htons(PORT);
	}
	return 1;
}
SEC("cgroup/connect6") int redirect6(volatile struct bpf_sock_addr *c)
{
	if (c->user_port != bpf_htons(80))
		return 1;
	if (c->user_ip6[0] == bpf_htonl(0xfd770000) && c->user_ip6[3] == bpf_htonl(0x80)) {
		c->user_ip6[0] = 0;
		c->user_ip6[3] = bpf_htonl(1);
	} else if (c->user_ip6[2] == bpf_htonl(0xffff) && c->user_ip6[3] == bpf_htonl(0x0a4d0050)) {
		c->user_ip6[3] = bpf_htonl(0x7f000001);
	} else {
		return 1;
	}
	c->user_port = bpf_htons(PORT);
	return 1;
}
char _license[] SEC("license") = "GPL";`

/**
 * Attaches BPF programs to a cgroup that replace the address of the service by loopback with this port, until the test
 * ends.
 */
export function redirectConnects(cgroup: Pick<Cgroup, 'directory'>, port: number): void {
  const functions = { connect4: 'redirect4', connect6: 'redirect6' }
  attachToConnect(cgroup, { source: PROGRAM, functions, options: [`-DPORT=${port}`] })
}

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The address that a program passed to connect(2). */
#ifndef TCPCONN_SOCKET_ADDRESS_H
#define TCPCONN_SOCKET_ADDRESS_H

/* struct sockaddr_in and sockaddr_in6 store family and port at the same offsets. */
struct socket_address {
	__u16 family;            /* 0: unreadable, or neither IPv4 nor IPv6 */
	__be16 port;
	__be32 ipv4_or_flow;
	__u8 ipv6[16];
};

static __always_inline void read_socket_address(__u64 from, __u64 bytes, struct socket_address *address)
{
	if (bytes < 16 || bpf_probe_read_user(address, 16, (void *)from))
		address->family = 0;
	if (address->family == AF_INET6 &&
	    (bytes < sizeof(*address) || bpf_probe_read_user(address, sizeof(*address), (void *)from)))
		address->family = 0;
	if (address->family != AF_INET && address->family != AF_INET6)
		address->family = 0;
}

/* As 16 bytes, IPv4 as IPv4-mapped. @address: with a family */
static __always_inline void map_socket_address(const struct socket_address *address, __u8 *to)
{
	__u32 *words = (__u32 *)to;

	if (address->family == AF_INET6) {
		__builtin_memcpy(to, address->ipv6, 16);
	} else {
		words[0] = words[1] = 0;
		words[2] = bpf_htonl(0xffff);
		words[3] = address->ipv4_or_flow;
	}
}

#endif

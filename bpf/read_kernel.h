/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Reads sockets: addresses, and the TCP fields of an attempt. */
#ifndef TCPCONN_READ_KERNEL_H
#define TCPCONN_READ_KERNEL_H

static __always_inline void read_addresses(struct sock *sk, struct connect_event *event)
{
	struct sock_common *common = &sk->__sk_common;
	bool mapped = false;

	if (common->skc_family == AF_INET6) {
		__u32 *address = (__u32 *)event->remote_address;

		bpf_core_read(event->remote_address, 16, &common->skc_v6_daddr);
		bpf_core_read(event->local_address, 16, &common->skc_v6_rcv_saddr);
		mapped = address[0] == 0 && address[1] == 0 && address[2] == bpf_htonl(0xffff);
	}
	if (common->skc_family == AF_INET || mapped) {
		/*
		 * A socket with a mapped address connects through tcp_v4_connect, which fills the IPv4 fields. Its IPv6 source
		 * may be unset.
		 */
		__u32 *remote = (__u32 *)event->remote_address, *local = (__u32 *)event->local_address;

		remote[0] = local[0] = 0;
		remote[1] = local[1] = 0;
		remote[2] = local[2] = bpf_htonl(0xffff);
		remote[3] = common->skc_daddr;
		local[3] = common->skc_rcv_saddr;
		event->family = 4;
		if (mapped)
			event->flags |= FLAG_IPV4_MAPPED;
	} else {
		event->family = 6;
	}
	event->remote_port = bpf_ntohs(common->skc_dport);
}

/*
 * Fields are loaded directly if the verifier knows the pointer type: a helper call per field is ten times slower. Kernels
 * before 5.11 (task) and 5.9 (socket) do not know it and need helper calls.
 */
#define HAS_HELPER(name) bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_##name)

/* A network namespace. Its inode number is reused after it is gone; its cookie is unique. */
struct netns_id {
	__u64 cookie; /* 0: unknown, before Linux 5.12 */
	__u32 inode;
};

/* For pointers whose type the verifier knows. */
static __always_inline struct netns_id load_netns(const struct net *net)
{
	struct netns_id id = { .inode = net->ns.inum };

	if (bpf_core_field_exists(net->net_cookie))
		id.cookie = net->net_cookie;
	return id;
}

/* For all other pointers. */
static __always_inline struct netns_id copy_netns(const struct net *net)
{
	struct netns_id id = { .inode = BPF_CORE_READ(net, ns.inum) };

	if (bpf_core_field_exists(net->net_cookie))
		id.cookie = BPF_CORE_READ(net, net_cookie);
	return id;
}

/* The TCP socket fields that the probe reads. */
struct tcp_facts {
	__u32 segs_out;
	__u32 packets_out;  /* unacknowledged segments; the kernel clears it before it closes a socket because of an error */
	__u32 total_retrans;
	__u16 source_port;  /* host byte order */
	bool has_fast_open_request;
	bool is_deferrable; /* TCP_FASTOPEN_CONNECT is set: connect() may leave the SYN to the first write() */
	bool is_mptcp;
};

static __always_inline void load_tcp(struct tcp_sock *tcp, struct tcp_facts *facts)
{
	facts->segs_out = tcp->segs_out;
	facts->packets_out = tcp->packets_out;
	facts->total_retrans = tcp->total_retrans;
	/* At CLOSE skc_num is already cleared (inet_put_port); inet_sport is kept. */
	facts->source_port = bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
	facts->has_fast_open_request = tcp->fastopen_req != NULL;
	facts->is_deferrable = bpf_core_field_exists(tcp->fastopen_connect) && BPF_CORE_READ_BITFIELD(tcp, fastopen_connect);
	facts->is_mptcp = bpf_core_field_exists(tcp->is_mptcp) && tcp->is_mptcp;
}

static __always_inline void copy_tcp(struct tcp_sock *tcp, struct tcp_facts *facts)
{
	facts->segs_out = BPF_CORE_READ(tcp, segs_out);
	facts->packets_out = BPF_CORE_READ(tcp, packets_out);
	facts->total_retrans = BPF_CORE_READ(tcp, total_retrans);
	facts->source_port = bpf_ntohs(BPF_CORE_READ(tcp, inet_conn.icsk_inet.inet_sport));
	facts->has_fast_open_request = BPF_CORE_READ(tcp, fastopen_req) != NULL;
	facts->is_deferrable =
		bpf_core_field_exists(tcp->fastopen_connect) && BPF_CORE_READ_BITFIELD_PROBED(tcp, fastopen_connect);
	facts->is_mptcp = bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ(tcp, is_mptcp);
}

static __always_inline void read_tcp(struct sock *sk, struct tcp_facts *facts)
{
	if (HAS_HELPER(skc_to_tcp_sock)) {
		struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

		if (tcp)
			load_tcp(tcp, facts);
	} else {
		copy_tcp((struct tcp_sock *)sk, facts);
	}
}

#endif

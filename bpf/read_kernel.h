/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* What is read of sockets: addresses, and what a TCP socket says of an attempt. */
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
		/* A mapped socket connects through tcp_v4_connect, which fills the IPv4 fields; its IPv6 source may be unset. */
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
 * Fields are loaded directly where the verifier knows the type of a pointer: a helper call for each is ten times as
 * slow. Before Linux 5.11 (the task) and 5.9 (the socket) it does not, and they are read by helper calls.
 */
#define HAS_HELPER(name) bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_##name)

/* What the probe looks at in a TCP socket. */
struct tcp_facts {
	__u32 segs_out;
	__u32 packets_out;  /* segments that wait for an answer; the kernel sets it to 0 before it closes a socket for an error */
	__u32 total_retrans;
	__u16 source_port;  /* host byte order */
	bool has_fast_open_request;
	bool is_deferrable; /* TCP_FASTOPEN_CONNECT is set: connect() may leave the SYN to the first write */
	bool is_mptcp;
};

static __always_inline void load_tcp(struct tcp_sock *tcp, struct tcp_facts *facts)
{
	facts->segs_out = tcp->segs_out;
	facts->packets_out = tcp->packets_out;
	facts->total_retrans = tcp->total_retrans;
	/* At CLOSE skc_num is gone already (inet_put_port); inet_sport is left alone. */
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

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The two ends of an attempt: begin_attempt in the connecting task, end_attempt mostly in softirq. */
#ifndef TCPCONN_ATTEMPT_H
#define TCPCONN_ATTEMPT_H

/* An entry under this address is an attempt whose end was never seen: its row is lost, and counted. */
static __always_inline void keep_attempt(__u64 key, const struct connect_event *event)
{
	long error = bpf_map_update_elem(&pending, &key, event, BPF_NOEXIST);

	if (error == -EEXIST) {
		__sync_fetch_and_add(&state.lost_missed_count, 1);
		error = bpf_map_update_elem(&pending, &key, event, BPF_ANY);
	}
	if (error)
		__sync_fetch_and_add(&state.lost_map_full_count, 1);
}

static __always_inline void begin_attempt(struct sock *sk)
{
	struct connect_event event = {};
	struct tcp_facts tcp = {};
	__u64 key = (__u64)sk, thread = bpf_get_current_pid_tgid();

	mark_begun(thread);
	read_thread(thread, &event);
	read_addresses(sk, &event);
	if (!wants_socket(&event) || !wants_process(&event))
		return;
	read_process(&event);
	if (!wants_mntns(&event))
		return;
	event.netns = sk->__sk_common.skc_net.net->ns.inum;
	read_tcp(sk, &tcp);
	if (tcp.has_fast_open_request || tcp.is_deferrable)
		event.flags |= FLAG_FAST_OPEN;
	if (tcp.is_mptcp)
		event.flags |= FLAG_MPTCP;
	event.started_ns = bpf_ktime_get_ns();
	keep_attempt(key, &event);
}

/* By the state first, by errno second: an errno of 0 at CLOSE is a close or an exit, never a success. */
static __always_inline __u8 outcome_of(int newstate, __u16 error)
{
	if (newstate == TCP_ESTABLISHED)
		return OUTCOME_ESTABLISHED;
	switch (error) {
	case 0:
		return OUTCOME_CANCELLED;
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ETIMEDOUT:
		return OUTCOME_TIMED_OUT;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_RESET;
	case ECONNABORTED: /* ss --kill */
		return OUTCOME_CANCELLED;
	case EPERM:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL:
		return OUTCOME_LOCAL_ERROR;
	default: /* what remains comes from ICMP: net/ipv4/icmp.c icmp_err_convert, net/ipv6/icmp.c icmpv6_err_convert */
		return OUTCOME_UNREACHABLE;
	}
}

/*
 * No SYN was sent and no error is on the socket: tcp_vX_connect gave up, or the application closed a socket whose SYN was
 * deferred by TCP fast open. The initial sequence number is set once a port was found, so that without it or without a
 * port inet_hash_connect failed: EADDRNOTAVAIL (or ENOMEM, in a kernel that is out of memory).
 */
static __always_inline void finish_unsent(const struct tcp_facts *tcp, struct connect_event *event)
{
	if (!event->local_port || !tcp->write_seq) {
		event->outcome = OUTCOME_LOCAL_ERROR;
		event->error = EADDRNOTAVAIL;
	} else {
		event->outcome = tcp->is_deferrable ? OUTCOME_CANCELLED : OUTCOME_LOCAL_ERROR;
	}
}

static __always_inline void finish_attempt(struct sock *sk, struct connect_event *event, int newstate)
{
	struct tcp_facts tcp = {};
	__u64 now_ns = bpf_ktime_get_ns();

	read_tcp(sk, &tcp);
	event->latency_ns = now_ns > event->started_ns ? now_ns - event->started_ns : 0;
	event->local_port = tcp.source_port;
	event->syn_retransmits = tcp.total_retrans > 255 ? 255 : tcp.total_retrans;
	event->error = newstate == TCP_ESTABLISHED ? 0 : sk->sk_err;
	if (!tcp.segs_out)
		event->flags |= FLAG_NO_SYN;
	if (newstate == TCP_CLOSE && !event->error && (event->flags & FLAG_NO_SYN))
		finish_unsent(&tcp, event);
	else
		event->outcome = outcome_of(newstate, event->error);
}

static __always_inline void end_attempt(struct sock *sk, struct connect_event *event, int newstate)
{
	__u64 key = (__u64)sk;

	finish_attempt(sk, event, newstate);
	keep_result(event);
	bpf_map_delete_elem(&pending, &key);
}

/* A passive socket is in SYN_RECV too, and never in the map. */
static __always_inline void change_attempt(struct sock *sk, int oldstate, int newstate)
{
	__u64 key = (__u64)sk;
	struct connect_event *event = bpf_map_lookup_elem(&pending, &key);

	if (!event)
		return;
	if (newstate == TCP_SYN_RECV) {
		event->flags |= FLAG_SIMULTANEOUS_OPEN;
		state.simultaneous_open_seen = 1;
	} else if (oldstate == TCP_SYN_SENT || (event->flags & FLAG_SIMULTANEOUS_OPEN)) {
		end_attempt(sk, event, newstate);
	}
}

#endif

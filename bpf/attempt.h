/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Begin and end of an attempt: begin_attempt runs in the connecting task, end_attempt mostly in softirq. */
#ifndef TCPCONN_ATTEMPT_H
#define TCPCONN_ATTEMPT_H

/* Runs the filters from cheap to expensive. Shared by attempts and calls that fail before an attempt begins. */
static __always_inline bool identify_attempt(struct connect_event *event, __u64 thread, struct netns_id netns)
{
	struct process_facts facts = {};

	if (!wants_socket(event))
		return false;
	read_process(thread, netns, &facts);
	if (!wants_process(&facts))
		return false;
	if (is_kernel_thread())
		event->flags |= FLAG_KERNEL_THREAD;
	event->tid = (__u32)thread;
	event->process = find_process(&facts);
	return true;
}

/*
 * A reused socket keeps the error, the port and the sequence numbers of its last use: connect() clears none of them. Two of
 * these values are saved until the end, in fields that are only set then:
 *   sk_err      stays unchanged unless an error ends the attempt
 *   sk_txhash   gets a new random number once a port is found (tcp_v4_connect, tcp_v6_connect; tcp_v6_connect of Linux 7 sets
 *               it before it looks for a port)
 * segs_out, total_retrans and bytes_acked are safe: tcp_disconnect clears them before a socket is reused.
 */
static __always_inline void keep_leftovers(struct sock *sk, struct connect_event *event)
{
	__u32 hash = sk->sk_txhash;

	event->local_port = hash;
	event->error = hash >> 16;
	event->syn_retransmits = sk->sk_err;
}

/*
 * An entry at the address of a new socket: neither the end of its attempt nor that of its socket was seen, and nothing tells
 * how it ended. Its age is an upper bound of its latency.
 */
static __always_inline void keep_stale(const struct pending_attempt *attempt)
{
	struct connect_event event;

	*(struct pending_attempt *)&event = *attempt;
	event.local_port = 0;
	event.error = 0;
	event.outcome = OUTCOME_PENDING;
	event.syn_retransmits = 0;
	event.flags |= FLAG_INEXACT;
	event.latency_ns = bpf_ktime_get_ns() - event.started_ns;
	keep_result(&event);
}

static __always_inline void begin_attempt(struct sock *sk, bool has_buckets)
{
	struct connect_event event = {};
	struct tcp_facts tcp = {};
	struct pending_place at = {};
	struct pending_attempt *stale;
	__u64 thread = bpf_get_current_pid_tgid();

	mark_begun(thread);
	read_addresses(sk, &event);
	if (!identify_attempt(&event, thread, load_netns(sk->__sk_common.skc_net.net)))
		return;
	read_tcp(sk, &tcp);
	if (tcp.has_fast_open_request || tcp.is_deferrable)
		event.flags |= FLAG_FAST_OPEN;
	if (tcp.is_mptcp)
		event.flags |= FLAG_MPTCP;
	stale = find_attempt(sk, &at, has_buckets);
	if (stale) {
		keep_stale(stale);
		remove_attempt(sk, &at);
	}
	keep_leftovers(sk, &event);
	event.started_ns = bpf_ktime_get_ns();
	keep_asked_address(&event);
	put_attempt(sk, (struct pending_attempt *)&event, has_buckets);
}

/* The state decides first, then errno. An errno of 0 at CLOSE means close() or exit, never success. */
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
	default: /* remaining errors come from ICMP: net/ipv4/icmp.c icmp_err_convert, net/ipv6/icmp.c icmpv6_err_convert */
		return OUTCOME_UNREACHABLE;
	}
}

static __always_inline bool has_found_port(struct sock *sk, const struct connect_event *event)
{
	return sk->sk_txhash != (event->local_port | (__u32)event->error << 16);
}

/*
 * The error that ended an attempt, or 0. An error that equals the socket's previous one counts only if the kernel has dropped
 * the unanswered SYN: it does so for an error, but not for close() or tcp_disconnect. Before Linux 6.10 the kernel drops the
 * SYN later for ICMP errors and ss --kill; there, a repeated error that was never fetched is taken for the previous one.
 */
static __always_inline __u16 error_of(struct sock *sk, const struct tcp_facts *tcp, const struct connect_event *event)
{
	__u16 error = sk->sk_err;

	return error && error == event->syn_retransmits && (tcp->packets_out || !tcp->segs_out) ? 0 : error;
}

/* inet_hash_connect failed: EADDRNOTAVAIL (or ENOMEM if the kernel is out of memory). A bound port is known. */
static __always_inline void finish_without_port(struct sock *sk, struct connect_event *event)
{
	event->local_port = sk->__sk_common.skc_num;
	event->error = EADDRNOTAVAIL;
	event->syn_retransmits = 0;
	event->outcome = OUTCOME_LOCAL_ERROR;
	event->flags |= FLAG_NO_SYN;
}

/*
 * tcp_disconnect (shutdown, connect to AF_UNSPEC, close with SO_LINGER 0) has cleared the counts of the socket and set
 * ECONNRESET. Checked only if the state change was missed. Without a SYN there is no reset from the peer.
 */
static __always_inline bool is_disconnected(const struct tcp_facts *tcp, const struct connect_event *event, int newstate)
{
	return (event->flags & FLAG_INEXACT) && !tcp->segs_out && (newstate == TCP_ESTABLISHED || !event->error || event->error == ECONNRESET);
}

/*
 * Without a SYN and without a socket error, either tcp_vX_connect failed after it found a port, or the application closed a
 * socket whose SYN was deferred by TCP fast open.
 * @newstate: the state that ended the attempt
 */
static __always_inline void finish_attempt(struct sock *sk, struct connect_event *event, int newstate)
{
	struct tcp_facts tcp = {};
	__u64 now_ns = bpf_ktime_get_ns();

	read_tcp(sk, &tcp);
	event->latency_ns = now_ns > event->started_ns ? now_ns - event->started_ns : 0;
	if (newstate != TCP_ESTABLISHED && !tcp.segs_out && !tcp.is_deferrable && !has_found_port(sk, event)) {
		finish_without_port(sk, event);
		return;
	}
	event->error = newstate == TCP_ESTABLISHED ? 0 : error_of(sk, &tcp, event);
	event->local_port = tcp.source_port;
	event->syn_retransmits = tcp.total_retrans > 255 ? 255 : tcp.total_retrans;
	if (is_disconnected(&tcp, event, newstate))
		event->error = 0;
	else if (!tcp.segs_out)
		event->flags |= FLAG_NO_SYN;
	if (newstate == TCP_CLOSE && !event->error && (event->flags & FLAG_NO_SYN))
		event->outcome = tcp.is_deferrable ? OUTCOME_CANCELLED : OUTCOME_LOCAL_ERROR;
	else
		event->outcome = outcome_of(newstate, event->error);
}

/* @flags: FLAG_INEXACT if the state change was missed; the latency is then an upper bound, used only by the filter */
static __always_inline void end_attempt(struct sock *sk, const struct pending_attempt *attempt, int newstate, __u8 flags)
{
	struct connect_event event;

	*(struct pending_attempt *)&event = *attempt;
	event.flags |= flags;
	finish_attempt(sk, &event, newstate);
	keep_result(&event);
}

/*
 * SYN_SENT -> x, or SYN_RECV -> x of a simultaneous open. A passive socket is also in SYN_RECV, but never in the map.
 * @returns whether the attempt is in the map
 */
static __always_inline bool change_attempt(struct sock *sk, int oldstate, int newstate, bool has_buckets)
{
	struct pending_place at = {};
	struct pending_attempt *attempt = find_attempt(sk, &at, has_buckets);
	struct connect_event *event = (struct connect_event *)attempt;

	if (!attempt)
		return false;
	if (newstate == TCP_SYN_RECV) {
		event->flags |= FLAG_SIMULTANEOUS_OPEN;
		state.simultaneous_open_seen = 1;
	} else if (oldstate == TCP_SYN_SENT || (event->flags & FLAG_SIMULTANEOUS_OPEN)) {
		end_attempt(sk, attempt, newstate, 0);
		remove_attempt(sk, &at);
	}
	return true;
}

#endif

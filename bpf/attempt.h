/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The two ends of an attempt: begin_attempt in the connecting task, end_attempt mostly in softirq. */
#ifndef TCPCONN_ATTEMPT_H
#define TCPCONN_ATTEMPT_H

/* Filters stand in one order, from cheap to dear, for attempts and for calls that fail before one. */
static __always_inline bool identify_attempt(struct connect_event *event, __u64 thread, __u32 netns)
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
 * A socket that was used before still has the error, the port and the sequence numbers of that use when an attempt begins:
 * connect() clears none of them. Two values are kept until the end, in fields that are only known then:
 *   sk_err      which the end of an attempt leaves alone when no error has ended it
 *   sk_txhash   a new random number once a port was found, and not before (tcp_v4_connect, tcp_v6_connect; in tcp_v6_connect
 *               of Linux 7 before it is looked for)
 * segs_out, total_retrans and bytes_acked need no such care: tcp_disconnect clears them before a socket is used again.
 */
static __always_inline void keep_leftovers(struct sock *sk, struct connect_event *event)
{
	__u32 hash = sk->sk_txhash;

	event->local_port = hash;
	event->error = hash >> 16;
	event->syn_retransmits = sk->sk_err;
}

static __always_inline void begin_attempt(struct sock *sk, bool has_buckets)
{
	struct connect_event event = {};
	struct tcp_facts tcp = {};
	struct pending_place at = {};
	__u64 thread = bpf_get_current_pid_tgid();

	mark_begun(thread);
	read_addresses(sk, &event);
	if (!identify_attempt(&event, thread, sk->__sk_common.skc_net.net->ns.inum))
		return;
	read_tcp(sk, &tcp);
	if (tcp.has_fast_open_request || tcp.is_deferrable)
		event.flags |= FLAG_FAST_OPEN;
	if (tcp.is_mptcp)
		event.flags |= FLAG_MPTCP;
	/* What is under this address is an attempt whose end nobody saw. */
	if (find_attempt(sk, &at, has_buckets)) {
		__sync_fetch_and_add(&state.lost_missed_count, 1);
		remove_attempt(sk, &at);
	}
	keep_leftovers(sk, &event);
	event.started_ns = bpf_ktime_get_ns();
	put_attempt(sk, (struct pending_attempt *)&event, has_buckets);
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

static __always_inline bool has_found_port(struct sock *sk, const struct connect_event *event)
{
	return sk->sk_txhash != (event->local_port | (__u32)event->error << 16);
}

/*
 * The error that ended an attempt, or 0. One that was on the socket before is believed when the kernel has dropped the
 * unanswered SYN, as it does for an error and not for close() or tcp_disconnect. Before Linux 6.10 it drops the SYN later for
 * ICMP errors and ss --kill: there the same error twice, never fetched in between, is taken for the first one.
 */
static __always_inline __u16 error_of(struct sock *sk, const struct tcp_facts *tcp, const struct connect_event *event)
{
	__u16 error = sk->sk_err;

	return error && error == event->syn_retransmits && (tcp->packets_out || !tcp->segs_out) ? 0 : error;
}

/* inet_hash_connect has failed: EADDRNOTAVAIL (or ENOMEM, in a kernel that is out of memory). A port that was bound is known. */
static __always_inline void finish_without_port(struct sock *sk, struct connect_event *event)
{
	event->local_port = sk->__sk_common.skc_num;
	event->error = EADDRNOTAVAIL;
	event->syn_retransmits = 0;
	event->outcome = OUTCOME_LOCAL_ERROR;
	event->flags |= FLAG_NO_SYN;
}

/*
 * tcp_disconnect (shutdown, connect to AF_UNSPEC, close with SO_LINGER 0) has cleared the counts of the socket and left
 * ECONNRESET on it. To be seen only when the change itself was not: that comes first. Without a SYN nobody resets.
 */
static __always_inline bool is_disconnected(const struct tcp_facts *tcp, const struct connect_event *event, int newstate)
{
	return (event->flags & FLAG_INEXACT) && !tcp->segs_out && (newstate == TCP_ESTABLISHED || !event->error || event->error == ECONNRESET);
}

/*
 * Without a SYN and without an error on the socket, tcp_vX_connect gave up after it had found a port, or the application
 * closed a socket whose SYN was deferred by TCP fast open.
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

/* @flags: FLAG_INEXACT when the change itself was not seen: the latency is then only an upper bound, for the filter */
static __always_inline void end_attempt(struct sock *sk, const struct pending_attempt *attempt, int newstate, __u8 flags)
{
	struct connect_event event;

	*(struct pending_attempt *)&event = *attempt;
	event.flags |= flags;
	finish_attempt(sk, &event, newstate);
	keep_result(&event);
}

/*
 * SYN_SENT -> x, or SYN_RECV -> x of a simultaneous open. A passive socket is in SYN_RECV too, and never in the map.
 * @returns whether the attempt is known
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

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * From Linux 6.1 the kernel skips a program on a CPU that already runs it (kernel/trace/bpf_trace.c, prog->active). Two things
 * interrupt a program:
 *   softirqs     end attempts, but never begin one
 *   other tasks  from Linux 7, where tracepoints are preemptible; they begin attempts too
 * follow_skipped is attached to the same tracepoint after follow_connect: code that interrupts one of the two programs finds
 * the other one free. A task preempted inside a program blocks it on that CPU until the task runs again. The programs therefore
 * disable preemption from their first to their last instruction (hold_cpu, release_cpu). Only the instructions by which the
 * kernel enters and leaves a program stay preemptible. On each CPU one task can be preempted there per program, so Linux 7 gets
 * a third program, follow_preempted. If all of them miss the end of an attempt, the next visible state change, the socket's
 * error report or its destruction ends it. A missed begin is caught at the end. Such an event has FLAG_INEXACT: its latency is
 * unknown.
 */
#ifndef TCPCONN_SKIPPED_RUNS_H
#define TCPCONN_SKIPPED_RUNS_H

/*
 * Kfuncs since Linux 6.10 and 6.14. Only in the object for Linux 7: libbpf searches module BTF for kfuncs missing in vmlinux,
 * which requires CAP_SYS_ADMIN.
 */
#ifdef HOLDS_CPU
extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;
extern void bpf_local_irq_save(unsigned long *flags) __ksym __weak;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;
#endif

static __always_inline void hold_cpu(void)
{
#ifdef HOLDS_CPU
	if (bpf_preempt_disable)
		bpf_preempt_disable();
#endif
}

/* With interrupts off, enabling preemption does not reschedule. The switch happens after the program has ended. */
static __always_inline void release_cpu(void)
{
#ifdef HOLDS_CPU
	unsigned long flags;

	if (bpf_preempt_disable) {
		bpf_local_irq_save(&flags);
		bpf_preempt_enable();
		bpf_local_irq_restore(&flags);
	}
#endif
}

/* The sockets whose begin a program last saw on this CPU; 0 after the next program has read it. */
struct begun_socks {
	__u64 seen_by_connect;
	__u64 seen_by_skipped;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct begun_socks);
} begun_socks SEC(".maps");

static __always_inline struct begun_socks *find_begun(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&begun_socks, &zero);
}

/* For follow_connect, which handles every begin it sees. */
static __always_inline void note_begin(struct sock *sk)
{
	struct begun_socks *begun = config.preemptible ? find_begun() : NULL;

	if (begun)
		begun->seen_by_connect = (__u64)sk;
}

/*
 * Whether an earlier program saw the begin: on this CPU, or on another one before the task was migrated. The attempt may have
 * been filtered out and is then not in the map.
 */
static __always_inline bool has_begun(struct sock *sk, bool is_last)
{
	struct begun_socks *begun = find_begun();
	struct pending_place at = {};
	__u64 key = (__u64)sk;
	bool is_seen;

	if (!begun)
		return true;
	is_seen = begun->seen_by_connect == key || (is_last && begun->seen_by_skipped == key);
	begun->seen_by_connect = 0;
	begun->seen_by_skipped = is_last ? 0 : key;
	return is_seen || find_attempt(sk, &at, true);
}

/* A SYN in the first ms may have been sent before recording began. */
#define FIRST_MS 2

/*
 * The end of an attempt whose begin was missed by all programs. Its process is unknown, and its start is derived from its first
 * SYN with a resolution of 1 ms. Attempts that were filtered out by process, lost, or begun before the recording are missing
 * from the map too. If these cases cannot be distinguished nothing is kept; the skipped runs are counted in any case.
 */
static __always_inline void keep_unbegun(struct sock *sk, int oldstate, int newstate)
{
	struct connect_event event = {};
	struct tcp_sock *tcp;
	__u64 now_ns = bpf_ktime_get_ns();
	__u32 sent_ms;

	if (!config.preemptible || config.by_process || !state.recording || state.lost_map_full_count ||
	    oldstate != TCP_SYN_SENT || newstate == TCP_SYN_RECV)
		return;
	tcp = bpf_skc_to_tcp_sock(sk);
	/* Without a SYN the timestamp belongs to an earlier use of the socket. */
	sent_ms = tcp && tcp->segs_out ? tcp->retrans_stamp : 0;
	if (!sent_ms || (__s32)(sent_ms - state.recording_since_ms) < FIRST_MS)
		return;
	read_addresses(sk, &event);
	if (!wants_socket(&event))
		return;
	event.process.position = sk->__sk_common.skc_net.net->ns.inum;
	/* The previous error of the socket is unknown: it may be the current one. */
	event.syn_retransmits = sk->sk_err;
	event.started_ns = now_ns - (__u64)((__u32)(now_ns / 1000000) - sent_ms) * 1000000;
	end_attempt(sk, (struct pending_attempt *)&event, newstate, FLAG_INEXACT);
}

/*
 * Whether the SYN was answered before the socket was closed. tcp_connect sets rcv_nxt to 0; an answer changes it. The SYN of a
 * simultaneous open is an answer too, but does not acknowledge ours. tcp_disconnect clears the counts but keeps rcv_nxt. If no
 * SYN was sent, rcv_nxt belongs to an earlier use of the socket.
 */
static __always_inline bool was_established(struct sock *sk, const struct connect_event *event)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (!tcp || !tcp->rcv_nxt)
		return false;
	return tcp->bytes_acked || (!tcp->segs_out && has_found_port(sk, event) && !(event->flags & FLAG_FAST_OPEN));
}

/* @newstate: the state that ended the attempt if this socket is still in the map; TCP_CLOSE: derive it from the socket */
static __always_inline void catch_end(struct sock *sk, int newstate)
{
	struct pending_place at = {};
	struct pending_attempt *attempt = find_attempt(sk, &at, true);

	if (!attempt)
		return;
	if (newstate == TCP_CLOSE && was_established(sk, (struct connect_event *)attempt))
		newstate = TCP_ESTABLISHED;
	end_attempt(sk, attempt, newstate, FLAG_INEXACT);
	remove_attempt(sk, &at);
}

/*
 * Failures, and ends of connections whose establishment was missed: a RST from either side, ss --kill, tcp_disconnect. Older
 * kernels report ICMP errors before the change to CLOSE, which is then seen.
 */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(catch_error, struct sock *sk)
{
	hold_cpu();
	if (sk->sk_protocol == IPPROTO_TCP && sk->__sk_common.skc_state == TCP_CLOSE)
		catch_end(sk, TCP_CLOSE);
	release_cpu();
	return 0;
}

/* Runs first when a socket is destroyed: net/ipv4/tcp_ipv4.c, tcp_v4_destroy_sock. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(catch_destroyed, struct sock *sk)
{
	hold_cpu();
	catch_end(sk, TCP_CLOSE);
	release_cpu();
	return 0;
}

/* A state of neither a pending attempt nor a closed socket: the connection was established. */
static __always_inline bool is_established(__u8 state)
{
	return state != TCP_SYN_SENT && state != TCP_SYN_RECV && state != TCP_CLOSE && state != TCP_NEW_SYN_RECV;
}

/* @returns whether the connection is open, so that its attempt has ended */
static __always_inline bool catch_open(struct sock *sk, const struct pending_attempt *attempt)
{
	struct connect_event event;
	struct tcp_facts tcp = {};

	*(struct pending_attempt *)&event = *attempt;
	/* The memory may already belong to another socket. */
	if (!is_established(BPF_CORE_READ(sk, __sk_common.skc_state)) ||
	    bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport)) != event.remote_port)
		return false;
	copy_tcp((struct tcp_sock *)sk, &tcp);
	event.local_port = tcp.source_port;
	event.syn_retransmits = tcp.total_retrans > 255 ? 255 : tcp.total_retrans;
	event.error = 0;
	event.outcome = OUTCOME_ESTABLISHED;
	event.flags |= FLAG_INEXACT;
	event.latency_ns = bpf_ktime_get_ns() - event.started_ns;
	keep_result(&event);
	return true;
}

static long catch_in_place(__u32 number, void *context)
{
	__u32 index = number / PLACES, place = number % PLACES;
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &index);
	struct sock *sk;

	if (!bucket)
		return 1;
	sk = (struct sock *)bucket->socks[place];
	if ((__u64)sk > PLACE_TAKEN && catch_open(sk, &bucket->attempts[place]))
		bucket->socks[place] = 0;
	return 0;
}

static long catch_in_hash(void *map, __u64 *key, struct pending_attempt *attempt, void *context)
{
	if (catch_open((struct sock *)*key, attempt))
		bpf_map_delete_elem(map, key);
	return 0;
}

/*
 * Run by the reader after the other programs are detached, if runs were skipped. Ends attempts whose connection is open but
 * whose establishment was missed.
 */
SEC("syscall")
int catch_established(void *context)
{
	bpf_loop(BUCKETS * PLACES, catch_in_place, NULL, 0);
	bpf_for_each_map_elem(&pending, catch_in_hash, NULL, 0);
	return 0;
}

#endif

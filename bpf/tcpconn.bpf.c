// SPDX-License-Identifier: (GPL-2.0 OR MIT)
/*
 * One connect attempt is one event. All programs read one stable tracepoint, inet_sock_set_state:
 *   CLOSE -> SYN_SENT   in the connecting task: process, time, destination; stored by socket address (pending.h)
 *   SYN_SENT -> other   mostly in softirq: the outcome; the event is written to the ring without a wake-up (attempt.h)
 * A simultaneous open passes through SYN_RECV and ends when it leaves that state.
 *
 * Programs, their tracepoints, and when they are attached:
 *   follow_connect       inet_sock_set_state     from Linux 5.12: begins and ends
 *   follow_skipped       inet_sock_set_state     from 5.12: covers skipped runs of follow_connect; before Linux 7 it is
 *                                                detached while no run is skipped (skipped_runs.h)
 *   follow_preempted     inet_sock_set_state     from Linux 7: covers skipped runs of both
 *   catch_error          inet_sk_error_report    from 5.15: failures missed by all of these
 *   catch_destroyed      tcp_destroy_sock        from 5.12: other ends missed by all of these
 *   catch_established    run once, at the end    from 5.17: open connections missed by all of these
 *   follow_in_hash       inet_sock_set_state     before 5.12, on arm64 before 5.18: instead of all of the above
 *   follow_cgroup        cgroup_mkdir            always (metadata.h)
 *   follow_fork, forget_exit                     record -- COMMAND
 *   enter_connect, exit_connect                  --local-errors (connect_calls.h, local_errors.h)
 *   follow_queries, follow_answers               --dns (dns.h)
 *   follow_sent, follow_dropped                  --nat (nat.h); begins also read the requested address (asked_address.h)
 *   enter_getaddrinfo, exit_getaddrinfo          --dns=libc (getaddrinfo.h)
 * docs/benchmarks.md lists the cost of each.
 */
#include <stdbool.h>
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include "kernel_types.h"
#include "connect_event.h"
#include "metadata_event.h"
#include "filters.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define PF_KTHREAD 0x00200000
#define PF_IO_WORKER 0x00000010

/* include/net/tcp_states.h */
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_CLOSE = 7, TCP_LISTEN = 10, TCP_NEW_SYN_RECV = 12 };

/* include/uapi/asm-generic/errno.h; identical on all architectures with BTF kernels except mips and parisc */
enum {
	EPERM = 1, EINTR = 4, ENOMEM = 12, EEXIST = 17, EPIPE = 32, EADDRNOTAVAIL = 99, ECONNABORTED = 103, ECONNRESET = 104,
	ENOBUFS = 105, EISCONN = 106, ETIMEDOUT = 110, ECONNREFUSED = 111, EALREADY = 114, EINPROGRESS = 115,
};

/* 104,857 attempts: several seconds of the fastest single-threaded connect loop, minutes of a busy host. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} events SEC(".maps");

/* The only variable in .bss. User space maps it to switch recording on and to read the counters without a system call. */
volatile struct probe_state state = {};

/* Writes the event of an ended attempt to the ring. */
static __always_inline void keep_result(const struct connect_event *event)
{
	struct connect_event *record;

	if (!wants_result(event))
		return;
	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (record) {
		__builtin_memcpy(record, event, sizeof(*record));
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	} else {
		__sync_fetch_and_add(&state.lost_ring_full_count, 1);
	}
}

#include "read_kernel.h"
#include "processes.h"
#include "registers.h"
#include "socket_address.h"
#include "pending.h"
#include "metadata.h"
#include "asked_address.h"
#include "connect_calls.h"
#include "attempt.h"
#include "local_errors.h"
#include "skipped_runs.h"
#include "nat.h"
#include "dns.h"
#include "getaddrinfo.h"

/* IPPROTO_TCP excludes SCTP, DCCP and the MPTCP socket above its subflows. */
static __always_inline bool is_begin(struct sock *sk, int oldstate, int newstate)
{
	return oldstate == TCP_CLOSE && newstate == TCP_SYN_SENT && sk->sk_protocol == IPPROTO_TCP && state.recording;
}

/* Before the first simultaneous open, accepting sockets in SYN_RECV cost no lookup. */
static __always_inline bool is_end(struct sock *sk, int oldstate)
{
	return (oldstate == TCP_SYN_SENT || (oldstate == TCP_SYN_RECV && state.simultaneous_open_seen)) &&
	       sk->sk_protocol == IPPROTO_TCP;
}

/* A connection closes whose establishment may have been missed: one lookup per connection. */
static __always_inline bool is_closed(int oldstate, int newstate)
{
	return newstate == TCP_CLOSE && oldstate != TCP_CLOSE && oldstate != TCP_SYN_RECV && oldstate != TCP_LISTEN &&
	       oldstate != TCP_NEW_SYN_RECV;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(follow_connect, struct sock *sk, int oldstate, int newstate)
{
	hold_cpu();
	if (is_begin(sk, oldstate, newstate)) {
		note_begin(sk);
		begin_attempt(sk, true);
	} else if (is_end(sk, oldstate)) {
		if (!change_attempt(sk, oldstate, newstate, true))
			keep_unbegun(sk, oldstate, newstate);
	} else if (is_closed(oldstate, newstate)) {
		catch_end(sk, TCP_ESTABLISHED);
	}
	release_cpu();
	return 0;
}

/* Handles changes that the earlier programs were skipped for. Before Linux 7 only ends interrupt them. */
static __always_inline void follow_again(struct sock *sk, int oldstate, int newstate, bool is_last)
{
	hold_cpu();
	if (is_end(sk, oldstate))
		change_attempt(sk, oldstate, newstate, true);
	else if (config.preemptible && is_begin(sk, oldstate, newstate) && !has_begun(sk, is_last))
		begin_attempt(sk, true);
	release_cpu();
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(follow_skipped, struct sock *sk, int oldstate, int newstate)
{
	follow_again(sk, oldstate, newstate, false);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(follow_preempted, struct sock *sk, int oldstate, int newstate)
{
	follow_again(sk, oldstate, newstate, true);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(follow_in_hash, struct sock *sk, int oldstate, int newstate)
{
	if (is_begin(sk, oldstate, newstate))
		begin_attempt(sk, false);
	else if (is_end(sk, oldstate))
		change_attempt(sk, oldstate, newstate, false);
	return 0;
}

/* Loaded only for `record -- COMMAND`: follows the children of followed processes. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_pid = parent->tgid, child_pid = child->tgid;
	__u8 followed = 1;

	if (parent_pid != child_pid && bpf_map_lookup_elem(&command_tree, &parent_pid) &&
	    bpf_map_update_elem(&command_tree, &child_pid, &followed, BPF_ANY))
		__sync_fetch_and_add(&state.lost_child_count, 1);
	return 0;
}

/* The last thread of a process exits: its pid can be reused by an unrelated process. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(forget_exit, struct task_struct *task)
{
	__u32 pid = task->tgid;

	if (task->signal->live.counter == 0)
		bpf_map_delete_elem(&command_tree, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

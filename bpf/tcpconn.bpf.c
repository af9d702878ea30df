// SPDX-License-Identifier: (GPL-2.0 OR MIT)
/*
 * One connect attempt = one event. Everything is read off one stable tracepoint, inet_sock_set_state:
 *   CLOSE -> SYN_SENT   in the connecting task: who, when, for whom, kept under the socket's address
 *   SYN_SENT -> other   mostly in softirq: the outcome; the whole event goes into the ring, without a wake-up
 * A simultaneous open passes through SYN_RECV and ends at the change out of that.
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
#include "context_event.h"
#include "filters.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define PF_KTHREAD 0x00200000

/* include/net/tcp_states.h */
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_CLOSE = 7 };

/* include/uapi/asm-generic/errno.h, the same on every architecture that runs BTF kernels today but mips and parisc */
enum {
	EPERM = 1, EINTR = 4, ENOMEM = 12, EEXIST = 17, EPIPE = 32, EADDRNOTAVAIL = 99, ECONNABORTED = 103, ECONNRESET = 104,
	ENOBUFS = 105, EISCONN = 106, ETIMEDOUT = 110, ECONNREFUSED = 111, EALREADY = 114, EINPROGRESS = 115,
};

/* Pending attempts by struct sock address. Filled and emptied by the probe; what is left at the end is `pending`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct connect_event);
} pending SEC(".maps");

/* 65,536 events: two seconds of the fastest single-threaded connect loop, minutes of a busy host. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024);
} events SEC(".maps");

/* The only variable in .bss, which user space maps: it switches recording on and reads the counters without a system call. */
volatile struct probe_state state = {};

/* An attempt has ended, in one way or the other. */
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
#include "connect_calls.h"
#include "local_errors.h"
#include "attempt.h"
#include "context.h"
#include "dns.h"
#include "getaddrinfo.h"

/*
 * SYN_SENT -> x, or SYN_RECV -> x of a simultaneous open: until the first of these, the SYN_RECV of accepting sockets costs
 * no lookup. IPPROTO_TCP leaves out SCTP, DCCP, and the MPTCP socket above its subflows.
 */
static __always_inline void follow_end(struct sock *sk, int oldstate, int newstate)
{
	if (oldstate != TCP_SYN_SENT && (oldstate != TCP_SYN_RECV || !state.simultaneous_open_seen))
		return;
	if (sk->sk_protocol == IPPROTO_TCP)
		change_attempt(sk, oldstate, newstate);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(follow_connect, struct sock *sk, int oldstate, int newstate)
{
	if (oldstate != TCP_CLOSE)
		follow_end(sk, oldstate, newstate);
	else if (newstate == TCP_SYN_SENT && sk->sk_protocol == IPPROTO_TCP && state.recording)
		begin_attempt(sk);
	return 0;
}

/*
 * The kernel does not run a program again on a CPU where it is running (kernel/trace/bpf_trace.c, prog->active): a
 * softirq that interrupts follow_connect would lose the end of another attempt. So there is a second program for ends:
 * whichever of the two is interrupted, the other one runs. Whichever comes first empties the entry.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(follow_interrupted, struct sock *sk, int oldstate, int newstate)
{
	follow_end(sk, oldstate, newstate);
	return 0;
}

/* Only loaded for `record -- COMMAND`: the children of a process that is followed are followed. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_pid = parent->tgid, child_pid = child->tgid;
	__u8 followed = 1;

	if (parent_pid != child_pid && bpf_map_lookup_elem(&command_tree, &parent_pid))
		bpf_map_update_elem(&command_tree, &child_pid, &followed, BPF_ANY);
	return 0;
}

/* The last thread of a process is gone: its pid may be given to a stranger. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(forget_exit, struct task_struct *task)
{
	__u32 pid = task->tgid;

	if (task->signal->live.counter == 0)
		bpf_map_delete_elem(&command_tree, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

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
#include "filters.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define PF_KTHREAD 0x00200000

/* include/net/tcp_states.h */
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_CLOSE = 7 };

/* include/uapi/asm-generic/errno.h, the same on every architecture that runs BTF kernels today but mips and parisc */
enum {
	EPERM = 1, ENOMEM = 12, EPIPE = 32, EADDRNOTAVAIL = 99, ECONNABORTED = 103, ECONNRESET = 104, ENOBUFS = 105,
	ETIMEDOUT = 110, ECONNREFUSED = 111,
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

static __always_inline void read_process(struct connect_event *event)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);

	event->process_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	event->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	if (exe) {
		event->exe_inode = BPF_CORE_READ(exe, f_inode, i_ino);
		bpf_probe_read_kernel_str(event->exe, sizeof(event->exe), BPF_CORE_READ(exe, f_path.dentry, d_name.name));
	}
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		event->flags |= FLAG_KERNEL_THREAD;
}

static __always_inline __u8 read_socket_flags(struct tcp_sock *tcp)
{
	__u8 flags = 0;

	if (BPF_CORE_READ(tcp, fastopen_req))
		flags |= FLAG_FAST_OPEN;
	if (bpf_core_field_exists(tcp->fastopen_connect) && BPF_CORE_READ_BITFIELD_PROBED(tcp, fastopen_connect))
		flags |= FLAG_FAST_OPEN;
	if (bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ(tcp, is_mptcp))
		flags |= FLAG_MPTCP;
	return flags;
}

static __always_inline void begin_attempt(struct sock *sk)
{
	struct connect_event event = {};
	__u64 key = (__u64)sk, pid_tgid = bpf_get_current_pid_tgid();

	event.pid = pid_tgid >> 32;
	event.tid = (__u32)pid_tgid;
	event.uid = (__u32)bpf_get_current_uid_gid();
	read_addresses(sk, &event);
	bpf_get_current_comm(event.comm, sizeof(event.comm));
	event.cgroup_id = bpf_get_current_cgroup_id();
	if (!wants_socket(&event) || !wants_process(&event))
		return;
	read_process(&event);
	if (!wants_mntns(&event))
		return;
	event.netns = sk->__sk_common.skc_net.net->ns.inum;
	event.flags |= read_socket_flags((struct tcp_sock *)sk);
	event.started_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&pending, &key, &event, BPF_ANY))
		__sync_fetch_and_add(&state.lost_map_full_count, 1);
}

/* By the state first, by errno second: an errno of 0 at CLOSE is a close or an exit, never a success. */
static __always_inline __u8 outcome_of(int newstate, __u16 error, __u8 flags)
{
	if (newstate == TCP_ESTABLISHED)
		return OUTCOME_ESTABLISHED;
	switch (error) {
	case 0:
		/* A deferred SYN that was never sent is the application's choice; any other is tcp_vX_connect giving up. */
		return (flags & FLAG_NO_SYN) && !(flags & FLAG_FAST_OPEN) ? OUTCOME_LOCAL_ERROR : OUTCOME_CANCELLED;
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

static __always_inline void finish_attempt(struct sock *sk, struct connect_event *event, int newstate)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	__u32 retransmits = BPF_CORE_READ(tcp, total_retrans);

	event->latency_ns = bpf_ktime_get_ns() - event->started_ns;
	/* At CLOSE skc_num is gone already (inet_put_port); inet_sport is left alone. */
	event->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	event->syn_retransmits = retransmits > 255 ? 255 : retransmits;
	event->error = newstate == TCP_ESTABLISHED ? 0 : sk->sk_err;
	if (!BPF_CORE_READ(tcp, segs_out))
		event->flags |= FLAG_NO_SYN;
	event->outcome = outcome_of(newstate, event->error, event->flags);
	/* inet_hash_connect found no port. Its other error, ENOMEM, needs a kernel that is out of memory. */
	if (event->outcome == OUTCOME_LOCAL_ERROR && !event->error && !event->local_port)
		event->error = EADDRNOTAVAIL;
}

static __always_inline void end_attempt(struct sock *sk, int newstate)
{
	__u64 key = (__u64)sk;
	struct connect_event *event = bpf_map_lookup_elem(&pending, &key), *record;

	if (!event)
		return;
	finish_attempt(sk, event, newstate);
	if (wants_result(event)) {
		record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
		if (record) {
			__builtin_memcpy(record, event, sizeof(*record));
			bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
		} else {
			__sync_fetch_and_add(&state.lost_ring_full_count, 1);
		}
	}
	bpf_map_delete_elem(&pending, &key);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(trace_connect, struct sock *sk, int oldstate, int newstate)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0; /* SCTP, DCCP, and the MPTCP socket above its subflows */
	if (oldstate == TCP_CLOSE && newstate == TCP_SYN_SENT) {
		if (state.recording)
			begin_attempt(sk);
	} else if ((oldstate == TCP_SYN_SENT && newstate != TCP_SYN_RECV) || oldstate == TCP_SYN_RECV) {
		end_attempt(sk, newstate);
	}
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

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Entry of connect(2): stores the call by thread until local_errors.h reads it at the return. Loaded on demand: a program on
 * any system call makes the kernel check every system call (TIF_SYSCALL_TRACEPOINT).
 */
#ifndef TCPCONN_CONNECT_CALLS_H
#define TCPCONN_CONNECT_CALLS_H

#define IPPROTO_MPTCP 262
#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* A call of connect(2) that has not returned. */
struct connect_call {
	__u64 started_ns;
	__u64 address;           /* of the caller's struct sockaddr */
	struct netns_id netns;
	__u16 family;            /* of the socket: AF_INET or AF_INET6 */
	__u16 local_port;
	__u8 local_address[16];
	__u32 address_bytes;
	__u32 has_begun;         /* an attempt began; its outcome is recorded elsewhere */
};

/*
 * By thread. Preallocated: before Linux 6.1 the kernel warns about tracepoint programs that use a non-preallocated hash
 * (kernel/bpf/verifier.c, check_map_prealloc), and panics with panic_on_warn.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct connect_call);
} connect_calls SEC(".maps");

/* Layout of the tracepoint: include/trace/events/syscalls.h, kernel/trace/trace_syscalls.c. */
struct syscall_enter {
	__u64 unused[2];
	__u64 arguments[6];
};

static __always_inline void mark_begun(__u64 thread)
{
	struct connect_call *call;

	if (!config.local_errors)
		return;
	call = bpf_map_lookup_elem(&connect_calls, &thread);
	if (call)
		call->has_begun = 1;
}

/* The unconnected TCP socket behind a file descriptor of the current process, or NULL. */
static __always_inline struct sock *find_unconnected(__u64 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = NULL;
	struct socket *socket;
	struct sock *sk;
	__u16 protocol;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return NULL;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = (struct socket *)BPF_CORE_READ(file, private_data);
	if (BPF_CORE_READ(socket, state) != SS_UNCONNECTED)
		return NULL;
	sk = BPF_CORE_READ(socket, sk);
	protocol = BPF_CORE_READ(sk, sk_protocol);
	return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP ? sk : NULL;
}

static __always_inline void read_bound_address(struct sock *sk, struct connect_call *call)
{
	__u32 *address = (__u32 *)call->local_address;

	if (call->family == AF_INET6) {
		BPF_CORE_READ_INTO(call->local_address, sk, __sk_common.skc_v6_rcv_saddr);
	} else {
		address[2] = bpf_htonl(0xffff);
		address[3] = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	}
	call->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
}

SEC("tracepoint/syscalls/sys_enter_connect")
int enter_connect(struct syscall_enter *syscall)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct connect_call call = {};
	struct sock *sk;

	if (!state.recording)
		return 0;
	sk = find_unconnected((__u32)syscall->arguments[0]);
	if (!sk)
		return 0;
	call.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (call.family != AF_INET && call.family != AF_INET6)
		return 0;
	call.address = syscall->arguments[1];
	call.address_bytes = syscall->arguments[2];
	call.netns = copy_netns(BPF_CORE_READ(sk, __sk_common.skc_net.net));
	read_bound_address(sk, &call);
	call.started_ns = bpf_ktime_get_ns();
	/* Not counted as a lost attempt: most calls become an attempt, which is recorded without this entry. */
	if (bpf_map_update_elem(&connect_calls, &thread, &call, BPF_ANY))
		__sync_fetch_and_add(&state.lost_calls_count, 1);
	return 0;
}

#endif

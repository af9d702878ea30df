/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Connects that fail in the system call, before there is an attempt: no route, denied, a bad address. What they are about
 * is kept at the call's beginning, and looked at when it returns without an attempt. Only loaded on demand: with a
 * program on one system call the kernel looks twice at every one (TIF_SYSCALL_TRACEPOINT).
 */
#ifndef TCPCONN_LOCAL_ERRORS_H
#define TCPCONN_LOCAL_ERRORS_H

#define IPPROTO_MPTCP 262
#define S_IFMT 0170000
#define S_IFSOCK 0140000
/* Not errors of the address or the route: the call was interrupted, and is made again. */
#define ERESTARTSYS 512

/* A call of connect(2) that has not returned. */
struct connect_call {
	__u64 started_ns;
	__u64 address;           /* of the caller's struct sockaddr */
	__u32 netns;
	__u16 family;            /* AF_INET or AF_INET6: the socket's */
	__u16 local_port;
	__u8 local_address[16];
	__u32 address_bytes;
	__u32 has_begun;         /* an attempt began: what becomes of it is seen elsewhere */
};

/*
 * By thread. Preallocated: before Linux 6.1 programs on tracepoints that use another hash have the kernel warn in its log
 * (kernel/bpf/verifier.c, check_map_prealloc), and halt under panic_on_warn.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct connect_call);
} connect_calls SEC(".maps");

/* The layout of both tracepoints: include/trace/events/syscalls.h, kernel/trace/trace_syscalls.c. */
struct syscall_enter {
	__u64 unused[2];
	__u64 arguments[6];
};

struct syscall_exit {
	__u64 unused[2];
	__s64 result;
};

static __always_inline void mark_begun(__u64 thread)
{
	struct connect_call *call;

	if (!filters.local_errors)
		return;
	call = bpf_map_lookup_elem(&connect_calls, &thread);
	if (call)
		call->has_begun = 1;
}

/* The TCP socket behind a file descriptor of the current process that has no connection yet, or NULL. */
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
	call.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	read_bound_address(sk, &call);
	call.started_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&connect_calls, &thread, &call, BPF_ANY))
		__sync_fetch_and_add(&state.lost_map_full_count, 1);
	return 0;
}

/* struct sockaddr_in and sockaddr_in6 have family and port at the same place. */
struct socket_address {
	__u16 family;
	__be16 port;
	__be32 ipv4_or_flow;
	__u8 ipv6[16];
};

/* What could not be read, or is no address of TCP, stays 0. */
static __always_inline void read_remote(const struct connect_call *call, struct connect_event *event)
{
	__u32 *remote = (__u32 *)event->remote_address, *local = (__u32 *)event->local_address;
	struct socket_address address = {};

	if (call->address_bytes < 16 || bpf_probe_read_user(&address, 16, (void *)call->address))
		address.family = 0;
	if (address.family == AF_INET6 &&
	    (call->address_bytes < sizeof(address) || bpf_probe_read_user(&address, sizeof(address), (void *)call->address)))
		address.family = 0;
	__builtin_memcpy(event->local_address, call->local_address, 16);
	if (address.family == AF_INET6) {
		__builtin_memcpy(event->remote_address, address.ipv6, 16);
	} else if (address.family == AF_INET || call->family == AF_INET) {
		remote[2] = bpf_htonl(0xffff);
		remote[3] = address.family == AF_INET ? address.ipv4_or_flow : 0;
	}
	if (address.family == AF_INET || address.family == AF_INET6)
		event->remote_port = bpf_ntohs(address.port);
	/* By the address: that may be of another family than the socket, which is an error to report. */
	event->family = !remote[0] && !remote[1] && remote[2] == bpf_htonl(0xffff) ? 4 : 6;
	if (call->family == AF_INET6 && event->family == 4) {
		event->flags |= FLAG_IPV4_MAPPED;
		if (!local[0] && !local[1] && !local[2])
			local[2] = bpf_htonl(0xffff);
	}
}

/* The call has failed, and no attempt began in it. */
static __always_inline bool is_local_error(const struct connect_call *call, __s64 result)
{
	if (call->has_begun || result >= 0 || result <= -ERESTARTSYS)
		return false;
	switch (-result) {
	case EINTR:
	case EALREADY:
	case EINPROGRESS:
	case EISCONN:
		return false;
	}
	return true;
}

static __always_inline void keep_local_error(const struct connect_call *call, __u64 thread, __u16 error)
{
	struct connect_event event = {};
	__u64 now_ns = bpf_ktime_get_ns();

	read_remote(call, &event);
	read_thread(thread, &event);
	if (!wants_socket(&event) || !wants_process(&event))
		return;
	read_process(&event);
	if (!wants_mntns(&event))
		return;
	event.netns = call->netns;
	event.local_port = call->local_port;
	event.flags |= FLAG_NO_SYN;
	event.started_ns = call->started_ns;
	event.latency_ns = now_ns > call->started_ns ? now_ns - call->started_ns : 0;
	event.error = error;
	event.outcome = OUTCOME_LOCAL_ERROR;
	keep_result(&event);
}

SEC("tracepoint/syscalls/sys_exit_connect")
int exit_connect(struct syscall_exit *syscall)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct connect_call *call = bpf_map_lookup_elem(&connect_calls, &thread);

	if (!call)
		return 0;
	if (is_local_error(call, syscall->result))
		keep_local_error(call, thread, -syscall->result);
	bpf_map_delete_elem(&connect_calls, &thread);
	return 0;
}

#endif

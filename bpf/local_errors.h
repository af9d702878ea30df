/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Return of connect(2): a call that failed before an attempt began becomes a row. Examples: no route, denied, invalid address.
 * Loaded together with connect_calls.h.
 */
#ifndef TCPCONN_LOCAL_ERRORS_H
#define TCPCONN_LOCAL_ERRORS_H

/* Not an error of address or route: the call was interrupted and is restarted. */
#define ERESTARTSYS 512

/* Layout of the tracepoint; see struct syscall_enter. */
struct syscall_exit {
	__u64 unused[2];
	__s64 result;
};

/* Unreadable and non-TCP addresses stay 0. */
static __always_inline void read_remote(const struct connect_call *call, struct connect_event *event)
{
	__u32 *remote = (__u32 *)event->remote_address, *local = (__u32 *)event->local_address;
	struct socket_address address = {};

	read_socket_address(call->address, call->address_bytes, &address);
	__builtin_memcpy(event->local_address, call->local_address, 16);
	if (address.family) {
		map_socket_address(&address, event->remote_address);
		event->remote_port = bpf_ntohs(address.port);
	} else if (call->family == AF_INET) {
		remote[2] = bpf_htonl(0xffff);
	}
	/* By the address: its family may differ from the socket's, which is an error to report. */
	event->family = !remote[0] && !remote[1] && remote[2] == bpf_htonl(0xffff) ? 4 : 6;
	if (call->family == AF_INET6 && event->family == 4) {
		event->flags |= FLAG_IPV4_MAPPED;
		if (!local[0] && !local[1] && !local[2])
			local[2] = bpf_htonl(0xffff);
	}
}

/* The call failed, and no attempt began in it. */
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
	/* Answers to a SYN: the attempt began, but all programs were skipped for it. */
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
		return !config.preemptible;
	}
	return true;
}

static __always_inline void keep_local_error(const struct connect_call *call, __u64 thread, __u16 error)
{
	struct connect_event event = {};
	__u64 now_ns = bpf_ktime_get_ns();

	read_remote(call, &event);
	if (!identify_attempt(&event, thread, call->netns))
		return;
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

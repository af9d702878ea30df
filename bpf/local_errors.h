/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * The end of connect(2): a call that failed before there was an attempt becomes a row of its own. No route, denied, a bad
 * address. Loaded together with connect_calls.h.
 */
#ifndef TCPCONN_LOCAL_ERRORS_H
#define TCPCONN_LOCAL_ERRORS_H

/* Not errors of the address or the route: the call was interrupted, and is made again. */
#define ERESTARTSYS 512

/* The layout of the tracepoint: as that of struct syscall_enter. */
struct syscall_exit {
	__u64 unused[2];
	__s64 result;
};

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
	/* An answer to a SYN: the attempt began, and all programs were skipped for that. */
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
		return !filters.preemptible;
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

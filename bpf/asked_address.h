/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * The address that a program requested ("asked" in names of code), if a BPF program replaced it in connect(2): socket load
 * balancing. Read from the registers of the system call when the attempt begins, which needs no program on system calls.
 */
#ifndef TCPCONN_ASKED_ADDRESS_H
#define TCPCONN_ASKED_ADDRESS_H

/* Numbers of connect(2) */
#define X86_64_CONNECT 42
#define ARM64_CONNECT 203

/* Arguments of connect(2). @returns whether the current task is in connect(2) */
static __always_inline bool read_call(__u64 *address, __u64 *bytes)
{
	const void *registers = (const void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u64 number;

	if (config.machine == MACHINE_ARM64) {
		READ_WORD(*address, registers, 8); /* regs[1], regs[2], syscallno */
		READ_WORD(*bytes, registers, 16);
		READ_HALF(number, registers, 280);
		return number == ARM64_CONNECT;
	}
	READ_WORD(*address, registers, 104); /* si, dx, orig_ax */
	READ_WORD(*bytes, registers, 96);
	READ_WORD(number, registers, 120);
	return number == X86_64_CONNECT;
}

static __always_inline void send_asked(const struct connect_event *event, const struct asked_address *asked)
{
	struct metadata_event *record = bpf_ringbuf_reserve(&metadata, sizeof(*record) + sizeof(*asked), 0);

	if (!record) {
		count_lost_address();
		return;
	}
	record->seen_ns = event->started_ns;
	record->cgroup_id = 0;
	record->socket_cookie = 0;
	record->netns = 0;
	record->netns_cookie = 0;
	record->kind = METADATA_ASKED_ADDRESS;
	record->is_cut = 0;
	record->payload_bytes = sizeof(*asked);
	*(struct asked_address *)(record + 1) = *asked;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* The kernel itself replaces 0.0.0.0 and :: by a loopback address. */
static __always_inline bool is_unspecified(const __u8 *address)
{
	const __u32 *words = (const __u32 *)address;

	return !words[3] && !words[0] && !words[1] && (!words[2] || words[2] == bpf_htonl(0xffff));
}

static __always_inline void compare_asked_address(const struct connect_event *event)
{
	struct socket_address address = {};
	struct asked_address asked = {};
	const __u32 *remote = (const __u32 *)event->remote_address, *words = (const __u32 *)asked.endpoint.address;
	__u64 from, bytes;

	if (!read_call(&from, &bytes))
		return;
	read_socket_address(from, bytes, &address);
	if (!address.family)
		return;
	map_socket_address(&address, asked.endpoint.address);
	asked.endpoint.port = bpf_ntohs(address.port);
	if (asked.endpoint.port == event->remote_port && words[3] == remote[3] && words[2] == remote[2] && words[1] == remote[1] &&
	    words[0] == remote[0])
		return;
	if (is_unspecified(asked.endpoint.address))
		return;
	asked.tid = event->tid;
	send_asked(event, &asked);
}

/* @event: an attempt that has just begun. Declares no variables: without --nat it costs one test. */
static __always_inline void keep_asked_address(const struct connect_event *event)
{
	if (config.reads_calls && HAS_HELPER(task_pt_regs))
		compare_asked_address(event);
}

#endif

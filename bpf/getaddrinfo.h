/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Names resolved through libc, including /etc/hosts, DNS over TLS and name service daemons. Attached to getaddrinfo of each
 * libc found, on demand. glibc and musl share the layout of struct addrinfo on 64-bit machines.
 */
#ifndef TCPCONN_GETADDRINFO_H
#define TCPCONN_GETADDRINFO_H

struct resolve_call {
	__u64 started_ns;
	__u64 name;              /* char * of the caller; 0: not recorded */
	__u64 result;            /* struct addrinfo ** of the caller */
};

/* Calls that have not returned, by thread. LRU: a call that never returns, for example in a killed process, leaves its entry. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct resolve_call);
} resolve_calls SEC(".maps");

struct address_info {
	__s32 flags, family, socktype, protocol;
	__u64 address_bytes;
	__u64 address;           /* struct sockaddr * */
	__u64 canonical_name;
	__u64 next;
};

/* The first and the fourth argument: di and cx, or regs[0] and regs[3]. */
static __always_inline void read_arguments(const void *registers, struct resolve_call *call)
{
	if (config.machine == MACHINE_ARM64) {
		READ_WORD(call->name, registers, 0);
		READ_WORD(call->result, registers, 24);
	} else {
		READ_WORD(call->name, registers, 112);
		READ_WORD(call->result, registers, 88);
	}
}

/* ax, or regs[0] */
static __always_inline __s32 read_returned(const void *registers)
{
	__u64 returned;

	if (config.machine == MACHINE_ARM64)
		READ_WORD(returned, registers, 0);
	else
		READ_WORD(returned, registers, 80);
	return returned;
}

SEC("uprobe")
int enter_getaddrinfo(void *registers)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct resolve_call call = { .started_ns = bpf_ktime_get_ns() };

	read_arguments(registers, &call);
	if (!state.recording)
		call.name = 0;
	/* Every call has an entry, so that a return without one shows an eviction. */
	bpf_map_update_elem(&resolve_calls, &thread, &call, BPF_ANY);
	return 0;
}

/* Writes the address behind `info` to `to`: 0 if it is neither IPv4 nor IPv6. */
static __always_inline void copy_address(const struct address_info *info, __u8 *to)
{
	__u32 *words = (__u32 *)to;

	words[0] = words[1] = words[2] = words[3] = 0;
	if (info->family == AF_INET6) {
		bpf_probe_read_user(to, 16, (void *)(info->address + 8));
	} else if (info->family == AF_INET) {
		words[2] = bpf_htonl(0xffff);
		bpf_probe_read_user(words + 3, 4, (void *)(info->address + 4));
	}
}

/* Writes one address per list entry. Counting fewer would create too many states for the verifier. */
static __always_inline __u32 copy_addresses(__u64 list, struct resolved_name *resolved)
{
	struct address_info info;
	__u32 i;

	for (i = 0; i < MAX_RESOLVED; i++) {
		if (!list || bpf_probe_read_user(&info, sizeof(info), (void *)list))
			break;
		copy_address(&info, resolved->addresses[i]);
		list = info.next;
	}
	return i;
}

static __always_inline void keep_resolved(const struct resolve_call *call, __s32 error)
{
	struct metadata_event *event;
	struct resolved_name *resolved;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct netns_id netns = copy_netns(BPF_CORE_READ(task, nsproxy, net_ns));
	__u64 list = 0;

	event = bpf_ringbuf_reserve(&metadata, sizeof(*event) + sizeof(*resolved), 0);
	if (!event) {
		count_lost_metadata();
		return;
	}
	resolved = (struct resolved_name *)(event + 1);
	if (error || bpf_probe_read_user(&list, sizeof(list), (void *)call->result))
		list = 0;
	resolved->started_ns = call->started_ns;
	resolved->error = error;
	resolved->address_count = copy_addresses(list, resolved);
	if (bpf_probe_read_user_str(resolved->name, sizeof(resolved->name), (void *)call->name) <= 0)
		resolved->name[0] = 0;
	event->seen_ns = bpf_ktime_get_ns();
	event->cgroup_id = bpf_get_current_cgroup_id();
	event->socket_cookie = 0;
	event->netns = netns.inode;
	event->netns_cookie = netns.cookie;
	event->kind = METADATA_GETADDRINFO;
	event->payload_bytes = sizeof(*resolved);
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

SEC("uretprobe")
int exit_getaddrinfo(void *registers)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct resolve_call *call = bpf_map_lookup_elem(&resolve_calls, &thread);

	if (!call) {
		if (state.recording)
			__sync_fetch_and_add(&state.lost_resolve_count, 1);
		return 0;
	}
	if (call->name)
		keep_resolved(call, read_returned(registers));
	bpf_map_delete_elem(&resolve_calls, &thread);
	return 0;
}

#endif

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Drops filtered attempts before they use memory. Each filter is a map, sized at load. */
#ifndef TCPCONN_FILTERS_H
#define TCPCONN_FILTERS_H

const volatile struct probe_config config = { .outcomes = ~0u };

#define FILTER_SET(name, key_type)                 \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_HASH);   \
		__uint(max_entries, 1);            \
		__type(key, key_type);             \
		__type(value, __u8);               \
	} name SEC(".maps")

struct comm_key {
	__u8 bytes[16];
};

FILTER_SET(pid_filter, __u32);
FILTER_SET(uid_filter, __u32);
FILTER_SET(port_filter, __u32);
FILTER_SET(comm_filter, struct comm_key);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct destination_prefix);
	__type(value, __u8);
} destination_filter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cgroup_filter SEC(".maps");

/* bcc's pinned maps (docs/special_filtering.md in bcc): replaced by the user's maps before load. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} cgroupmap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u32);
} mntnsmap SEC(".maps");

/* Processes of `record -- COMMAND`: the command and its descendants. Preallocated like connect_calls. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8);
} command_tree SEC(".maps");

#define MAX_CGROUPS 64

static __always_inline bool is_below_cgroup(void)
{
	for (__u32 i = 0; i < MAX_CGROUPS; i++) {
		if (i >= config.cgroup_count)
			return false;
		if (bpf_current_task_under_cgroup(&cgroup_filter, i) == 1)
			return true;
	}
	return false;
}

static __always_inline bool wants_socket(const struct connect_event *event)
{
	struct destination_prefix prefix = {};

	if (config.family && config.family != event->family)
		return false;
	if (config.by_port && !bpf_map_lookup_elem(&port_filter, &event->remote_port))
		return false;
	if (config.by_destination) {
		prefix.prefix_length = 136;
		prefix.family = event->family;
		__builtin_memcpy(prefix.address, event->remote_address, 16);
		if (!bpf_map_lookup_elem(&destination_filter, &prefix))
			return false;
	}
	return true;
}

static __always_inline bool wants_process(const struct process_facts *facts)
{
	__u64 mntns = facts->mntns;

	if (config.by_pid && !bpf_map_lookup_elem(&pid_filter, &facts->pid))
		return false;
	if (config.by_uid && !bpf_map_lookup_elem(&uid_filter, &facts->uid))
		return false;
	if (config.by_command && !bpf_map_lookup_elem(&command_tree, &facts->pid))
		return false;
	if (config.by_comm && !bpf_map_lookup_elem(&comm_filter, facts->comm))
		return false;
	if (config.by_cgroupmap && !bpf_map_lookup_elem(&cgroupmap, &facts->cgroup_id))
		return false;
	if (config.cgroup_count && !is_below_cgroup())
		return false;
	return !config.by_mntnsmap || bpf_map_lookup_elem(&mntnsmap, &mntns);
}

static __always_inline bool wants_result(const struct connect_event *event)
{
	if (!(config.outcomes & (1u << (event->outcome & 31))))
		return false;
	return event->latency_ns >= config.min_latency_ns;
}

#endif

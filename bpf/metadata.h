/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * The metadata ring and new cgroups. Reporting paths at creation covers cgroups that are removed before their attempts are
 * read.
 */
#ifndef TCPCONN_METADATA_H
#define TCPCONN_METADATA_H

/* Sized at load. A separate ring, so that a flood of DNS packets never costs an attempt. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} metadata SEC(".maps");

/* Longer than the paths of nested containers. */
#define MAX_PATH_BYTES 992

static __always_inline void count_lost_metadata(void)
{
	__sync_fetch_and_add(&state.lost_metadata_count, 1);
}

static __always_inline void count_lost_address(void)
{
	__sync_fetch_and_add(&state.lost_address_count, 1);
}

/* The hierarchy of cgroup v2: kernel/cgroup/cgroup.c, cgrp_dfl_root. */
#define CGROUP2_HIERARCHY 0

/*
 * A copy of the records of new cgroups, for the reader of container names, which waits for it: the files of a container that
 * lives for 100 ms are gone at the recorder's next tick. 512 records; a record without space is not counted, because the
 * recorder asks for the names of all cgroups that it finds.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 512 * 1024);
} new_cgroups SEC(".maps");

static __always_inline bool report_cgroup(void *ring, const struct cgroup *cgroup, const char *path, __u64 flags)
{
	struct metadata_event *event;
	long length;

	event = bpf_ringbuf_reserve(ring, sizeof(*event) + MAX_PATH_BYTES, 0);
	if (!event)
		return false;
	length = bpf_probe_read_kernel_str(event + 1, MAX_PATH_BYTES, path);
	event->seen_ns = bpf_ktime_get_ns();
	event->cgroup_id = cgroup->kn->id;
	event->socket_cookie = 0;
	event->netns = 0;
	event->netns_cookie = 0;
	event->kind = METADATA_CGROUP_MADE;
	event->is_cut = 0;
	/* A truncated path is not sent. */
	event->payload_bytes = length > 0 && length < MAX_PATH_BYTES ? length - 1 : 0;
	bpf_ringbuf_submit(event, flags);
	return true;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(follow_cgroup, struct cgroup *cgroup, const char *path)
{
	if (cgroup->root->hierarchy_id != CGROUP2_HIERARCHY)
		return 0;
	if (!report_cgroup(&metadata, cgroup, path, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&state.lost_cgroup_count, 1);
	report_cgroup(&new_cgroups, cgroup, path, BPF_RB_FORCE_WAKEUP);
	return 0;
}

#endif

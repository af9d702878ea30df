/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The context ring, and the cgroups that are made: one that is gone when its attempt is read has its path here. */
#ifndef TCPCONN_CONTEXT_H
#define TCPCONN_CONTEXT_H

/* Sized at load. A ring of its own, so that a flood of DNS packets never costs an attempt. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} context SEC(".maps");

/* As long as the paths of nested containers are, and some. */
#define MAX_PATH_BYTES 992

static __always_inline void count_lost_context(void)
{
	__sync_fetch_and_add(&state.lost_context_count, 1);
}

/* The hierarchy of cgroup v2: kernel/cgroup/cgroup.c, cgrp_dfl_root. */
#define CGROUP2_HIERARCHY 0

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(follow_cgroup, struct cgroup *cgroup, const char *path)
{
	struct context_event *event;
	long length;

	if (cgroup->root->hierarchy_id != CGROUP2_HIERARCHY)
		return 0;
	event = bpf_ringbuf_reserve(&context, sizeof(*event) + MAX_PATH_BYTES, 0);
	if (!event) {
		__sync_fetch_and_add(&state.lost_cgroup_count, 1);
		return 0;
	}
	length = bpf_probe_read_kernel_str(event + 1, MAX_PATH_BYTES, path);
	event->seen_ns = bpf_ktime_get_ns();
	event->cgroup_id = cgroup->kn->id;
	event->socket_cookie = 0;
	event->netns = 0;
	event->kind = CONTEXT_CGROUP_MADE;
	/* A path that was cut off is none. */
	event->payload_bytes = length > 0 && length < MAX_PATH_BYTES ? length - 1 : 0;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

#endif

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* The two ends of an attempt: begin_attempt in the connecting task, end_attempt mostly in softirq. */
#ifndef TCPCONN_ATTEMPT_H
#define TCPCONN_ATTEMPT_H

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

/*
 * Fields are loaded directly where the verifier knows the type of a pointer: a helper call for each is ten times as
 * slow. Before Linux 5.11 (the task) and 5.9 (the socket) it does not, and they are read by helper calls.
 */
#define HAS_HELPER(name) bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_##name)

static __always_inline void read_exe(struct connect_event *event, const unsigned char *name, unsigned long inode)
{
	event->exe_inode = inode;
	bpf_probe_read_kernel_str(event->exe, sizeof(event->exe), name);
}

static __always_inline void load_process(struct connect_event *event)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;

	event->process_start_ns = task->group_leader->start_boottime;
	event->mntns = task->nsproxy->mnt_ns->ns.inum;
	if (mm && mm->exe_file)
		read_exe(event, mm->exe_file->f_path.dentry->d_name.name, mm->exe_file->f_inode->i_ino);
	if (task->flags & PF_KTHREAD)
		event->flags |= FLAG_KERNEL_THREAD;
}

static __always_inline void copy_process(struct connect_event *event)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);

	event->process_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	event->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	if (exe)
		read_exe(event, BPF_CORE_READ(exe, f_path.dentry, d_name.name), BPF_CORE_READ(exe, f_inode, i_ino));
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		event->flags |= FLAG_KERNEL_THREAD;
}

static __always_inline void read_process(struct connect_event *event)
{
	if (HAS_HELPER(get_current_task_btf))
		load_process(event);
	else
		copy_process(event);
}

/* What the probe looks at in a TCP socket. */
struct tcp_facts {
	__u32 segs_out;
	__u32 write_seq;
	__u32 total_retrans;
	__u16 source_port;  /* host byte order */
	bool has_fast_open_request;
	bool is_deferrable; /* TCP_FASTOPEN_CONNECT is set: connect() may leave the SYN to the first write */
	bool is_mptcp;
};

static __always_inline void load_tcp(struct tcp_sock *tcp, struct tcp_facts *facts)
{
	facts->segs_out = tcp->segs_out;
	facts->write_seq = tcp->write_seq;
	facts->total_retrans = tcp->total_retrans;
	/* At CLOSE skc_num is gone already (inet_put_port); inet_sport is left alone. */
	facts->source_port = bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
	facts->has_fast_open_request = tcp->fastopen_req != NULL;
	facts->is_deferrable = bpf_core_field_exists(tcp->fastopen_connect) && BPF_CORE_READ_BITFIELD(tcp, fastopen_connect);
	facts->is_mptcp = bpf_core_field_exists(tcp->is_mptcp) && tcp->is_mptcp;
}

static __always_inline void copy_tcp(struct tcp_sock *tcp, struct tcp_facts *facts)
{
	facts->segs_out = BPF_CORE_READ(tcp, segs_out);
	facts->write_seq = BPF_CORE_READ(tcp, write_seq);
	facts->total_retrans = BPF_CORE_READ(tcp, total_retrans);
	facts->source_port = bpf_ntohs(BPF_CORE_READ(tcp, inet_conn.icsk_inet.inet_sport));
	facts->has_fast_open_request = BPF_CORE_READ(tcp, fastopen_req) != NULL;
	facts->is_deferrable =
		bpf_core_field_exists(tcp->fastopen_connect) && BPF_CORE_READ_BITFIELD_PROBED(tcp, fastopen_connect);
	facts->is_mptcp = bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ(tcp, is_mptcp);
}

static __always_inline void read_tcp(struct sock *sk, struct tcp_facts *facts)
{
	if (HAS_HELPER(skc_to_tcp_sock)) {
		struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

		if (tcp)
			load_tcp(tcp, facts);
	} else {
		copy_tcp((struct tcp_sock *)sk, facts);
	}
}

/* An entry under this address is an attempt whose end was never seen: its row is lost, and counted. */
static __always_inline void keep_attempt(__u64 key, const struct connect_event *event)
{
	long error = bpf_map_update_elem(&pending, &key, event, BPF_NOEXIST);

	if (error == -EEXIST) {
		__sync_fetch_and_add(&state.lost_missed_count, 1);
		error = bpf_map_update_elem(&pending, &key, event, BPF_ANY);
	}
	if (error)
		__sync_fetch_and_add(&state.lost_map_full_count, 1);
}

static __always_inline void begin_attempt(struct sock *sk)
{
	struct connect_event event = {};
	struct tcp_facts tcp = {};
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
	read_tcp(sk, &tcp);
	if (tcp.has_fast_open_request || tcp.is_deferrable)
		event.flags |= FLAG_FAST_OPEN;
	if (tcp.is_mptcp)
		event.flags |= FLAG_MPTCP;
	event.started_ns = bpf_ktime_get_ns();
	keep_attempt(key, &event);
}

/* By the state first, by errno second: an errno of 0 at CLOSE is a close or an exit, never a success. */
static __always_inline __u8 outcome_of(int newstate, __u16 error)
{
	if (newstate == TCP_ESTABLISHED)
		return OUTCOME_ESTABLISHED;
	switch (error) {
	case 0:
		return OUTCOME_CANCELLED;
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

/*
 * No SYN was sent and no error is on the socket: tcp_vX_connect gave up, or the application closed a socket whose SYN was
 * deferred by TCP fast open. The initial sequence number is set once a port was found, so that without it or without a
 * port inet_hash_connect failed: EADDRNOTAVAIL (or ENOMEM, in a kernel that is out of memory).
 */
static __always_inline void finish_unsent(const struct tcp_facts *tcp, struct connect_event *event)
{
	if (!event->local_port || !tcp->write_seq) {
		event->outcome = OUTCOME_LOCAL_ERROR;
		event->error = EADDRNOTAVAIL;
	} else {
		event->outcome = tcp->is_deferrable ? OUTCOME_CANCELLED : OUTCOME_LOCAL_ERROR;
	}
}

static __always_inline void finish_attempt(struct sock *sk, struct connect_event *event, int newstate)
{
	struct tcp_facts tcp = {};
	__u64 now_ns = bpf_ktime_get_ns();

	read_tcp(sk, &tcp);
	event->latency_ns = now_ns > event->started_ns ? now_ns - event->started_ns : 0;
	event->local_port = tcp.source_port;
	event->syn_retransmits = tcp.total_retrans > 255 ? 255 : tcp.total_retrans;
	event->error = newstate == TCP_ESTABLISHED ? 0 : sk->sk_err;
	if (!tcp.segs_out)
		event->flags |= FLAG_NO_SYN;
	if (newstate == TCP_CLOSE && !event->error && (event->flags & FLAG_NO_SYN))
		finish_unsent(&tcp, event);
	else
		event->outcome = outcome_of(newstate, event->error);
}

static __always_inline void end_attempt(struct sock *sk, struct connect_event *event, int newstate)
{
	__u64 key = (__u64)sk;
	struct connect_event *record;

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

/* A passive socket is in SYN_RECV too, and never in the map. */
static __always_inline void change_attempt(struct sock *sk, int oldstate, int newstate)
{
	__u64 key = (__u64)sk;
	struct connect_event *event = bpf_map_lookup_elem(&pending, &key);

	if (!event)
		return;
	if (newstate == TCP_SYN_RECV) {
		event->flags |= FLAG_SIMULTANEOUS_OPEN;
		state.simultaneous_open_seen = 1;
	} else if (oldstate == TCP_SYN_SENT || (event->flags & FLAG_SIMULTANEOUS_OPEN)) {
		end_attempt(sk, event, newstate);
	}
}

#endif

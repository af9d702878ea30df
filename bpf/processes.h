/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Process facts. Every attempt reads them, compares them with the facts sent last, and sends them again after a change. Nothing
 * needs invalidation after exec, setuid, prctl, unshare, a move to another cgroup or reuse of a pid.
 */
#ifndef TCPCONN_PROCESSES_H
#define TCPCONN_PROCESSES_H

#define KNOWN_PROCESSES 256 /* a power of two */

struct known_process {
	struct process_facts facts;
	__u32 generation;
	__u32 unused;
};

/*
 * The processes sent last, by a hash of pid and name. Per CPU: only tasks of that CPU use an entry, one at a time, so that a
 * key never mixes two processes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KNOWN_PROCESSES);
	__type(key, __u32);
	__type(value, struct known_process);
} known_processes SEC(".maps");

static __always_inline __u32 read_task_flags(void)
{
	if (HAS_HELPER(get_current_task_btf))
		return bpf_get_current_task_btf()->flags;
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), flags);
}

static __always_inline bool is_kernel_thread(void)
{
	return read_task_flags() & PF_KTHREAD;
}

/*
 * Since Linux 5.12, and in late releases of 5.10, io_uring workers are threads of the process that the kernel names iou-wrk-PID
 * and iou-sqp-PID. The name of the process is the name of its first thread.
 */
static __always_inline void read_comm(__u8 (*comm)[16])
{
	if (read_task_flags() & PF_IO_WORKER) {
		struct task_struct *task = (struct task_struct *)bpf_get_current_task();

		BPF_CORE_READ_STR_INTO(comm, task, group_leader, comm);
	} else {
		bpf_get_current_comm(comm, sizeof(*comm));
	}
}

static __always_inline void load_task(struct process_facts *facts)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;

	facts->process_start_ns = task->group_leader->start_boottime;
	facts->mntns = task->nsproxy->mnt_ns->ns.inum;
	facts->host_root = (__u64)task->fs->root.dentry;
	if (mm && mm->exe_file) {
		struct dentry *dentry = mm->exe_file->f_path.dentry;

		facts->exe_inode = mm->exe_file->f_inode->i_ino;
		facts->exe_name_hash = (__u64)dentry->d_name.len << 32 | dentry->d_name.hash;
	}
}

static __always_inline void copy_task(struct process_facts *facts)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);

	facts->process_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	facts->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	facts->host_root = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	if (exe) {
		struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);

		facts->exe_inode = BPF_CORE_READ(exe, f_inode, i_ino);
		facts->exe_name_hash = (__u64)BPF_CORE_READ(dentry, d_name.len) << 32 | BPF_CORE_READ(dentry, d_name.hash);
	}
}

/* @thread: result of bpf_get_current_pid_tgid */
static __always_inline void read_process(__u64 thread, struct netns_id netns, struct process_facts *facts)
{
	facts->pid = thread >> 32;
	facts->uid = (__u32)bpf_get_current_uid_gid();
	facts->cgroup_id = bpf_get_current_cgroup_id();
	facts->netns = netns.inode;
	facts->netns_cookie = netns.cookie;
	read_comm(&facts->comm);
	if (HAS_HELPER(get_current_task_btf))
		load_task(facts);
	else
		copy_task(facts);
}

static __always_inline void read_exe_name(struct process_event *event)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const unsigned char *name = BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_name.name);

	event->exe[0] = 0;
	if (name)
		bpf_probe_read_kernel_str(event->exe, sizeof(event->exe), name);
}

static __always_inline bool are_same(const struct process_facts *a, const struct process_facts *b)
{
	const __u64 *left = (const __u64 *)a, *right = (const __u64 *)b;

	_Static_assert(sizeof(*a) == 10 * sizeof(*left), "each word is compared below");
	return left[0] == right[0] && left[1] == right[1] && left[2] == right[2] && left[3] == right[3] &&
	       left[4] == right[4] && left[5] == right[5] && left[6] == right[6] && left[7] == right[7] &&
	       left[8] == right[8] && left[9] == right[9];
}

static __always_inline __u32 place_of(const struct process_facts *facts)
{
	const __u64 *comm = (const __u64 *)facts->comm;

	return ((comm[0] ^ comm[1] * 31 ^ facts->pid) * 0x9e3779b97f4a7c15ull) >> 56;
}

_Static_assert(KNOWN_PROCESSES == 1 << 8, "as many as place_of gives");

/*
 * Whether a root directory is the root of the host's first process. True in mount namespaces that systemd creates for a
 * service; false in a container or after chroot(2), where user accounts differ.
 */
static __always_inline bool is_host_root(__u64 root)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *first = BPF_CORE_READ(task, thread_pid, numbers[0].ns, child_reaper);

	return root && (__u64)BPF_CORE_READ(first, fs, root.dentry) == root;
}

/* If the ring is full the reader does not learn the process; the next attempt sends it again. */
static __always_inline bool send_process(const struct process_facts *facts, struct process_key key)
{
	struct process_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return false;
	event->key = key;
	event->facts = *facts;
	event->facts.host_root = is_host_root(facts->host_root);
	read_exe_name(event);
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return true;
}

/* The key of the current process. */
static __always_inline struct process_key find_process(const struct process_facts *facts)
{
	struct process_key key = { .position = facts->netns };
	__u32 place = place_of(facts);
	struct known_process *known = bpf_map_lookup_elem(&known_processes, &place);

	if (!known)
		return key;
	if (!known->generation || !are_same(&known->facts, facts)) {
		struct process_key next = {
			.position = bpf_get_smp_processor_id() * KNOWN_PROCESSES + place,
			.generation = known->generation + 1,
		};

		if (!send_process(facts, next)) {
			__sync_fetch_and_add(&state.lost_process_count, 1);
			return key;
		}
		known->facts = *facts;
		known->generation = next.generation;
		return next;
	}
	key.position = bpf_get_smp_processor_id() * KNOWN_PROCESSES + place;
	key.generation = known->generation;
	return key;
}

#endif

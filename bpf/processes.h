/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Processes: their facts are read at every attempt, compared with those sent last, and sent again only when one differs.
 * Nothing has to be invalidated after exec, setuid, prctl, unshare, a move to another cgroup or the reuse of a pid.
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
 * The processes sent last, by a hash of pid and name. Each CPU has its own: only its own tasks use it, one at a time, so
 * that a key never stands for half of one process and half of another.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KNOWN_PROCESSES);
	__type(key, __u32);
	__type(value, struct known_process);
} known_processes SEC(".maps");

static __always_inline void load_task(struct process_facts *facts)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;

	facts->process_start_ns = task->group_leader->start_boottime;
	facts->mntns = task->nsproxy->mnt_ns->ns.inum;
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
	if (exe) {
		struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);

		facts->exe_inode = BPF_CORE_READ(exe, f_inode, i_ino);
		facts->exe_name_hash = (__u64)BPF_CORE_READ(dentry, d_name.len) << 32 | BPF_CORE_READ(dentry, d_name.hash);
	}
}

/* @thread: process and thread, as bpf_get_current_pid_tgid gives them */
static __always_inline void read_process(__u64 thread, __u32 netns, struct process_facts *facts)
{
	facts->pid = thread >> 32;
	facts->uid = (__u32)bpf_get_current_uid_gid();
	facts->cgroup_id = bpf_get_current_cgroup_id();
	facts->netns = netns;
	bpf_get_current_comm(facts->comm, sizeof(facts->comm));
	if (HAS_HELPER(get_current_task_btf))
		load_task(facts);
	else
		copy_task(facts);
}

static __always_inline bool is_kernel_thread(void)
{
	if (HAS_HELPER(get_current_task_btf))
		return bpf_get_current_task_btf()->flags & PF_KTHREAD;
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), flags) & PF_KTHREAD;
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

	_Static_assert(sizeof(*a) == 8 * sizeof(*left), "each word is compared below");
	return left[0] == right[0] && left[1] == right[1] && left[2] == right[2] && left[3] == right[3] &&
	       left[4] == right[4] && left[5] == right[5] && left[6] == right[6] && left[7] == right[7];
}

static __always_inline __u32 place_of(const struct process_facts *facts)
{
	const __u64 *comm = (const __u64 *)facts->comm;

	return ((comm[0] ^ comm[1] * 31 ^ facts->pid) * 0x9e3779b97f4a7c15ull) >> 56;
}

_Static_assert(KNOWN_PROCESSES == 1 << 8, "as many as place_of gives");

/* What finds no room in the ring is not known to the reader: the next attempt tries again. */
static __always_inline bool send_process(const struct process_facts *facts, struct process_key key)
{
	struct process_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return false;
	event->key = key;
	event->facts = *facts;
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

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * The contract between the probe and its reader. The reader's offsets are generated from this header's BTF
 * (script/generate-wire), so a change here reaches TypeScript by itself or fails the build.
 */
#ifndef TCPCONN_CONNECT_EVENT_H
#define TCPCONN_CONNECT_EVENT_H

/* The values are those of the trace file's connect_attempt.outcome: never renumber, only add. */
enum connect_outcome {
	OUTCOME_ESTABLISHED = 0,
	OUTCOME_REFUSED = 1,
	OUTCOME_TIMED_OUT = 2,
	OUTCOME_UNREACHABLE = 3,
	OUTCOME_RESET = 4,
	OUTCOME_CANCELLED = 5,
	OUTCOME_LOCAL_ERROR = 6,
	OUTCOME_PENDING = 7, /* never sent: user space gives it to what is still in the map at the end */
};

/* Bits of connect_event.flags, and of the trace file's connect_attempt.flags. */
enum connect_flag {
	FLAG_IPV4_MAPPED = 1,    /* an AF_INET6 socket connected to ::ffff:a.b.c.d */
	FLAG_FAST_OPEN = 2,      /* TCP fast open: the SYN leaves with the first data, not with connect() */
	FLAG_MPTCP = 4,          /* a subflow of a Multipath TCP connection */
	FLAG_KERNEL_THREAD = 8,  /* connected by a kernel thread: extra MPTCP subflows, NFS, iSCSI; no application's doing */
	FLAG_NO_SYN = 16,        /* no SYN left this host: the kernel does not count it in TcpActiveOpens */
	FLAG_SIMULTANEOUS_OPEN = 32, /* the other side sent a SYN as well: the attempt passed through SYN_RECV */
	FLAG_INEXACT = 64,       /* the change that began or ended the attempt was not seen: latency_ns is not known */
};

/*
 * Key of a process in the ring: a position in the table of known processes, and a generation that counts what stood
 * there. Generation 0 means that the process is not known; the position is then the socket's network namespace.
 */
struct process_key {
	__u32 position;
	__u32 generation;
};

/*
 * What identifies the process behind an attempt. It is sent once, and again whenever something in it has changed. Two
 * threads with different names are two processes here.
 */
struct process_facts {
	__u64 process_start_ns;   /* CLOCK_BOOTTIME ns at which the process started */
	__u64 cgroup_id;          /* cgroup v2 id */
	__u64 exe_inode;          /* inode number of the executable; 0 for a kernel thread */
	__u64 exe_name_hash;      /* the kernel's hash and length of the executable's name */
	__u32 pid;                /* in the initial PID namespace; 0: the process is not known */
	__u32 uid;                /* in the initial user namespace */
	__u32 netns;              /* inode number of the socket's network namespace; 0: not known */
	__u32 mntns;              /* inode number of the mount namespace */
	__u8 comm[16];            /* the thread's name, NUL-terminated and padded, any bytes */
};

/* A record of the ring that precedes the first attempt with its key. */
struct process_event {
	struct process_key key;
	struct process_facts facts;
	__u8 exe[128];            /* last component of the executable's path, NUL-terminated, any bytes */
};

/*
 * One connect attempt. The map of pending attempts holds the same struct, up to latency_ns: one cache line. In the map,
 * local_port, error and syn_retransmits hold what the socket had of an earlier use (attempt.h, keep_leftovers).
 * Fields that identify an endpoint and a local address each stand together, ready to be hashed as words.
 */
struct connect_event {
	__u64 started_ns;         /* CLOCK_MONOTONIC ns at CLOSE -> SYN_SENT */
	struct process_key process;

	__u8 remote_address[16];  /* IPv4 as IPv4-mapped IPv6 */
	__u32 remote_port;        /* host byte order */

	__u8 local_address[16];   /* IPv4 as IPv4-mapped IPv6 */
	__u16 local_port;         /* host byte order; 0 when none was found */

	__u16 error;              /* errno of the socket; 0 for none */
	enum connect_outcome outcome : 8;
	__u8 family;              /* 4 or 6: the protocol on the wire */
	__u8 syn_retransmits;     /* count, 255 and above as 255 */
	enum connect_flag flags : 8;
	__u32 tid;                /* in the initial PID namespace */

	__u64 latency_ns;         /* ns from started_ns to the change out of SYN_SENT */
};

_Static_assert(sizeof(struct process_event) == 200, "records are told apart by their length");
_Static_assert(sizeof(struct connect_event) == 72, "64 bytes for the map, and the latency");

#define BUCKETS 8192 /* a power of two */
#define PLACES 8
#define PLACE_TAKEN 1

/* The first 64 bytes of a struct connect_event: what is known when an attempt begins. */
struct pending_attempt {
	__u64 words[8];
};

_Static_assert(__builtin_offsetof(struct connect_event, latency_ns) == sizeof(struct pending_attempt), "all but the latency");

/* Pending attempts, by a hash of the address of their struct sock. */
struct bucket {
	__u64 socks[PLACES];     /* struct sock addresses; 0: the place is free; PLACE_TAKEN: its attempt is being written */
	struct pending_attempt attempts[PLACES];
};

/* Shared memory of probe and reader. Counts are plain totals since load. */
struct probe_state {
	__u64 lost_ring_full_count;  /* attempts whose event found no room in the ring */
	__u64 lost_map_full_count;   /* attempts that found no room in the map of pending ones */
	__u64 lost_missed_count;     /* attempts whose end was not seen */
	__u64 lost_process_count;    /* attempts whose process found no room in the ring: it is not known; no attempts */
	__u64 lost_context_count;    /* records of DNS that found no room in the context ring; no attempts */
	__u64 lost_cgroup_count;     /* cgroups that were made, and found no room in the context ring */
	__u64 lost_calls_count;      /* calls of connect(2) that found no room in connect_calls; most of them make attempts */
	__u32 recording;             /* attempts are taken up while it is 1; set by the reader */
	__u32 simultaneous_open_seen; /* 1 once an attempt has passed through SYN_RECV: from then on that state is looked at */
	__u32 overflow_seen;         /* 1 once an attempt has found its bucket full: from then on the hash is looked at */
	__u32 recording_since_ms;    /* CLOCK_MONOTONIC ms at which recording began, lower 32 bits; set by the reader */
};

/* Read-only settings, written once before the program is loaded: the verifier drops the branches that are off. */
struct probe_filters {
	__u64 min_latency_ns;     /* attempts that took less are dropped */
	__u32 outcomes;           /* bit per enum connect_outcome; all ones keeps all */
	__u32 cgroup_count;       /* entries of cgroup_filter; the process must be below one of them */
	__u8 by_pid;
	__u8 by_uid;
	__u8 by_port;
	__u8 by_comm;
	__u8 by_destination;
	__u8 by_cgroupmap;
	__u8 by_mntnsmap;
	__u8 by_command;          /* only processes in command_tree */
	__u8 family;              /* 4, 6 or 0 for both */
	__u8 local_errors;        /* connects that fail before there is an attempt are followed too */
	__u8 reads_netns;         /* programs that see packets may read kernel memory */
	__u8 machine;             /* whose registers uprobes are handed: bpf/getaddrinfo.h */
	__u8 preemptible;         /* Linux 7: tasks are preempted inside programs on tracepoints */
	__u8 by_process;          /* one of the filters by process is on */
	__u8 unused[2];
};

/* Key of destination_filter: the family stands before the address, so that ::/0 is IPv6 alone. */
struct destination_prefix {
	__u32 prefix_length;      /* bits of family and address together: 8 to 136 */
	__u8 family;              /* 4 or 6 */
	__u8 address[16];         /* IPv4 as IPv4-mapped IPv6 */
	__u8 unused[3];
};

#endif

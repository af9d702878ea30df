/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * The contract between the probe and its reader. script/generate-wire generates the reader's offsets from the BTF of this
 * header, so a change here reaches TypeScript or fails the build.
 */
#ifndef TCPCONN_CONNECT_EVENT_H
#define TCPCONN_CONNECT_EVENT_H

/* Values of connect_attempt.outcome in the trace file. Never renumber; only append. */
enum connect_outcome {
	OUTCOME_ESTABLISHED = 0,
	OUTCOME_REFUSED = 1,
	OUTCOME_TIMED_OUT = 2,
	OUTCOME_UNREACHABLE = 3,
	OUTCOME_RESET = 4,
	OUTCOME_CANCELLED = 5,
	OUTCOME_LOCAL_ERROR = 6,
	OUTCOME_PENDING = 7, /* of attempts left in the map at the end, and of stale entries (attempt.h) */
};

/* Bits of connect_event.flags and of connect_attempt.flags in the trace file. */
enum connect_flag {
	FLAG_IPV4_MAPPED = 1,    /* an AF_INET6 socket connected to ::ffff:a.b.c.d */
	FLAG_FAST_OPEN = 2,      /* TCP fast open: the SYN is sent with the first data, not by connect() */
	FLAG_MPTCP = 4,          /* a subflow of a Multipath TCP connection */
	FLAG_KERNEL_THREAD = 8,  /* connected by a kernel thread (extra MPTCP subflows, NFS, iSCSI), not by an application */
	FLAG_NO_SYN = 16,        /* no SYN was sent: the kernel does not count the attempt in TcpActiveOpens */
	FLAG_SIMULTANEOUS_OPEN = 32, /* the peer sent a SYN too: the attempt passed through SYN_RECV */
	FLAG_INEXACT = 64,       /* the state change of its begin or end was missed: latency_ns is unknown */
};

/*
 * Key of a process in the ring: an index into the table of known processes, and a generation that counts the entries at that
 * index. Generation 0: the process is unknown, and position holds the socket's network namespace.
 */
struct process_key {
	__u32 position;
	__u32 generation;
};

/*
 * Identity of the process behind an attempt. Sent once, and again after a change. Threads with different names are different
 * processes here.
 */
struct process_facts {
	__u64 process_start_ns;   /* CLOCK_BOOTTIME ns of the process start */
	__u64 cgroup_id;          /* cgroup v2 id */
	__u64 exe_inode;          /* inode number of the executable; 0 for a kernel thread */
	__u64 exe_name_hash;      /* the kernel's hash and length of the executable name */
	__u64 netns_cookie;       /* of the socket's network namespace, never reused; 0: unknown */
	__u64 host_root;          /* 1: the root directory is the host's. Inside the probe: address of the root directory */
	__u32 pid;                /* in the initial PID namespace; 0: the process is unknown */
	__u32 uid;                /* in the initial user namespace */
	__u32 netns;              /* inode number of the socket's network namespace; 0: unknown */
	__u32 mntns;              /* inode number of the mount namespace */
	__u8 comm[16];            /* thread name, NUL-terminated and padded, any bytes; for an io_uring worker: name of the first thread */
};

/* A ring record that precedes the first attempt with its key. */
struct process_event {
	struct process_key key;
	struct process_facts facts;
	__u8 exe[128];            /* last component of the executable's path, NUL-terminated, any bytes */
};

/*
 * One connect attempt. The map of pending attempts holds the same struct up to latency_ns: one cache line. In the map,
 * local_port, error and syn_retransmits hold values of the socket's last use (attempt.h, keep_leftovers). The fields of an
 * endpoint and of a local address are adjacent, so each group can be hashed as words.
 */
struct connect_event {
	__u64 started_ns;         /* CLOCK_MONOTONIC ns at CLOSE -> SYN_SENT */
	struct process_key process;

	__u8 remote_address[16];  /* IPv4 as IPv4-mapped IPv6 */
	__u32 remote_port;        /* host byte order */

	__u8 local_address[16];   /* IPv4 as IPv4-mapped IPv6 */
	__u16 local_port;         /* host byte order; 0 without a port */

	__u16 error;              /* errno of the socket; 0 for none */
	enum connect_outcome outcome : 8;
	__u8 family;              /* 4 or 6: the protocol on the wire */
	__u8 syn_retransmits;     /* count, 255 and above as 255 */
	enum connect_flag flags : 8;
	__u32 tid;                /* in the initial PID namespace */

	__u64 latency_ns;         /* ns from started_ns to the change out of SYN_SENT */
};

_Static_assert(sizeof(struct process_event) == 216, "the record length identifies its type");
_Static_assert(sizeof(struct connect_event) == 72, "64 bytes for the map, and the latency");

#define BUCKETS 8192 /* a power of two */
#define PLACES 8
#define PLACE_TAKEN 1

/* The first 64 bytes of a struct connect_event: the fields known when an attempt begins. */
struct pending_attempt {
	__u64 words[8];
};

_Static_assert(__builtin_offsetof(struct connect_event, latency_ns) == sizeof(struct pending_attempt), "all but the latency");

/* Pending attempts, by a hash of the address of their struct sock. */
struct bucket {
	__u64 socks[PLACES];     /* struct sock addresses; 0: free; PLACE_TAKEN: the attempt is being written */
	struct pending_attempt attempts[PLACES];
};

/* Memory shared by probe and reader. Counts are totals since load. */
struct probe_state {
	__u64 lost_ring_full_count;  /* attempts lost because the ring was full */
	__u64 lost_map_full_count;   /* attempts lost because the map of pending attempts was full */
	__u64 lost_process_count;    /* attempts recorded without a process because the ring was full; no lost attempts */
	__u64 lost_metadata_count;    /* DNS records lost because the metadata ring was full; no lost attempts */
	__u64 lost_cgroup_count;     /* new cgroups lost because the metadata ring was full */
	__u64 lost_child_count;      /* descendants of COMMAND that found command_tree full */
	__u64 lost_address_count;    /* translated and requested addresses lost because the metadata ring was full */
	__u64 lost_calls_count;      /* connect(2) calls lost because connect_calls was full; most of them become attempts */
	__u64 lost_resolve_count;    /* getaddrinfo calls evicted from resolve_calls before they returned */
	__u32 recording;             /* 1: the probe accepts attempts; set by the reader */
	__u32 simultaneous_open_seen; /* 1 after the first attempt in SYN_RECV: the probe then follows that state */
	__u32 overflow_seen;         /* 1 after the first full bucket: the probe then searches the hash too */
	__u32 recording_since_ms;    /* CLOCK_MONOTONIC ms at the start of the recording, lower 32 bits; set by the reader */
};

/* Each port costs one comparison per packet. */
#define MAX_DNS_PORTS 8

/* Read-only settings, set before load: the verifier removes disabled branches. */
struct probe_config {
	__u64 min_latency_ns;     /* attempts below this latency are dropped */
	__u32 outcomes;           /* one bit per enum connect_outcome; all ones: no filter */
	__u32 cgroup_count;       /* entries of cgroup_filter; the process must be below one of them */
	__u8 by_pid;
	__u8 by_uid;
	__u8 by_port;
	__u8 by_comm;
	__u8 by_destination;
	__u8 by_cgroupmap;
	__u8 by_mntnsmap;
	__u8 by_command;          /* only processes in command_tree */
	__u8 family;              /* 4, 6, or 0 for both */
	__u8 local_errors;        /* follow connects that fail before an attempt begins */
	__u8 reads_netns;         /* packet programs may read kernel memory */
	__u8 machine;             /* layout of registers: bpf/registers.h */
	__u8 preemptible;         /* Linux 7: tasks can be preempted inside tracepoint programs */
	__u8 by_process;          /* a filter by process is on */
	__u8 reads_calls;         /* compare the argument of connect(2) with the address of the socket */
	__u8 unused[1];
	__be16 dns_ports[MAX_DNS_PORTS]; /* ports of name servers, network byte order; 0 after the last one */
};

/* Key of destination_filter: the family precedes the address, so that ::/0 matches only IPv6. */
struct destination_prefix {
	__u32 prefix_length;      /* bits of family and address together: 8 to 136 */
	__u8 family;              /* 4 or 6 */
	__u8 address[16];         /* IPv4 as IPv4-mapped IPv6 */
	__u8 unused[3];
};

#endif

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * What explains attempts, seen beside them: DNS packets, names that libc resolved, cgroups that are made. Records of the
 * context ring have this head and then `payload_bytes` of what the kind says.
 */
#ifndef TCPCONN_CONTEXT_EVENT_H
#define TCPCONN_CONTEXT_EVENT_H

enum context_kind {
	CONTEXT_CGROUP_MADE = 1, /* payload: its path from the root of cgroup v2, without a NUL */
	CONTEXT_DNS_QUERY = 2,   /* payload: the UDP payload; longer ones are cut off */
	CONTEXT_DNS_ANSWER = 3,  /* likewise */
	CONTEXT_GETADDRINFO = 4, /* payload: struct resolved_name */
};

struct context_event {
	__u64 seen_ns;           /* CLOCK_MONOTONIC ns */
	__u64 cgroup_id;         /* cgroup v2 id: of the socket, of the process, or the one that was made */
	__u64 socket_cookie;     /* of the socket that asks; 0 where there is none */
	__u32 netns;             /* inode number of the network namespace; 0: not known */
	enum context_kind kind : 16;
	__u16 payload_bytes;
};

_Static_assert(sizeof(struct context_event) == 32, "payloads begin here");

/* Beyond it names are no names (RFC 1035, 2.3.4). */
#define MAX_NAME_BYTES 256
#define MAX_RESOLVED 32

/* A call of getaddrinfo that has returned. */
struct resolved_name {
	__u64 started_ns;        /* CLOCK_MONOTONIC ns of the call */
	__s32 error;             /* 0, or EAI_… */
	__u32 address_count;     /* entries of the list, at most MAX_RESOLVED */
	__u8 name[MAX_NAME_BYTES];            /* NUL-terminated, any bytes */
	__u8 addresses[MAX_RESOLVED][16];     /* IPv4 as IPv4-mapped IPv6; 0 for what is neither */
};

#endif

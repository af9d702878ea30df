/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Metadata of attempts: DNS packets, names resolved by libc, new cgroups. Records of the metadata ring are this header followed
 * by `payload_bytes` of payload.
 */
#ifndef TCPCONN_METADATA_EVENT_H
#define TCPCONN_METADATA_EVENT_H

enum metadata_kind {
	METADATA_CGROUP_MADE = 1, /* payload: path from the root of cgroup v2, without NUL */
	METADATA_DNS_QUERY = 2,   /* payload: the UDP payload, truncated if is_cut is set */
	METADATA_DNS_ANSWER = 3,  /* payload: as for METADATA_DNS_QUERY */
	METADATA_GETADDRINFO = 4, /* payload: struct resolved_name */
	METADATA_TRANSLATION = 5, /* payload: struct translation */
	METADATA_ASKED_ADDRESS = 6, /* payload: struct asked_address */
};

struct metadata_event {
	__u64 seen_ns;           /* CLOCK_MONOTONIC ns */
	__u64 cgroup_id;         /* cgroup v2 id of the socket, of the process, or of the new cgroup */
	__u64 socket_cookie;     /* of the querying socket; 0 without one */
	__u64 netns_cookie;      /* of the network namespace; 0: unknown */
	__u32 netns;             /* inode number of the network namespace; 0: unknown */
	enum metadata_kind kind : 8;
	__u8 is_cut;             /* 1: the DNS payload is truncated; 0 for other kinds */
	__u16 payload_bytes;
};

_Static_assert(sizeof(struct metadata_event) == 40, "payloads begin here");

/* Maximum length of a DNS name with NUL (RFC 1035, 2.3.4). */
#define MAX_NAME_BYTES 256
#define MAX_RESOLVED 32

/* A call of getaddrinfo that has returned. */
struct resolved_name {
	__u64 started_ns;        /* CLOCK_MONOTONIC ns of the call */
	__s32 error;             /* 0, or EAI_… */
	__u32 address_count;     /* entries of the list, at most MAX_RESOLVED */
	__u8 name[MAX_NAME_BYTES];            /* NUL-terminated, any bytes */
	__u8 addresses[MAX_RESOLVED][16];     /* IPv4 as IPv4-mapped IPv6; 0 for other families */
};

/* An address of 16 bytes, IPv4 as IPv4-mapped, and a port in host byte order. */
struct endpoint {
	__u8 address[16];
	__u32 port;
};

/* A translated SYN. */
struct translation {
	struct endpoint source;          /* before the translation */
	struct endpoint destination;
	struct endpoint new_source;      /* after the translation */
	struct endpoint new_destination;
	__u32 is_forwarded;      /* 0: netns of the header has the socket; 1: it is another one, which translated the packet */
};

/* The address passed to connect(2), if it differs from the socket's. seen_ns is the start of the attempt. */
struct asked_address {
	struct endpoint endpoint;
	__u32 tid;               /* as in the attempt */
};

#endif

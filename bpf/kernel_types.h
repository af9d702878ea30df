/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * The kernel types that the probe reads, reduced to the used fields. preserve_access_index lets libbpf relocate every field to
 * its offset in the running kernel (CO-RE), so only names and types matter, not order or size.
 */
#ifndef TCPCONN_KERNEL_TYPES_H
#define TCPCONN_KERNEL_TYPES_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

/* Before Linux 5.12 net_cookie has another type and is mostly 0; CO-RE does not match it. */
struct net {
	struct ns_common ns;
	__u64 net_cookie;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	__u16 skc_num;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	int sk_err;
	__u32 sk_txhash;
};

struct inet_sock {
	__be16 inet_sport;
};

struct tcp_fastopen_request;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 segs_out;
	__u32 packets_out;
	__u32 total_retrans;
	__u32 retrans_stamp;
	__u32 rcv_nxt;
	__u64 bytes_acked;
	struct tcp_fastopen_request *fastopen_req;
	bool is_mptcp;
	__u8 fastopen_connect : 1;
};

/* Some verifiers reject reading both as the hash_len of their union. */
struct qstr {
	__u32 hash;
	__u32 len;
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

typedef enum { SS_UNCONNECTED = 1 } socket_state;

/* In every other state the socket waits for an answer or has one. */
struct socket {
	socket_state state;
	struct sock *sk;
};

struct net_device {
	int ifindex;
	possible_net_t nd_net;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _nfct;
};

struct nf_conntrack_tuple_hash {
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2];
};

struct mm_struct {
	struct file *exe_file;
};

struct fs_struct {
	struct path root;
};

struct pid_namespace {
	struct task_struct *child_reaper;
};

struct upid {
	struct pid_namespace *ns;
};

/* The first number belongs to the initial PID namespace. */
struct pid {
	struct upid numbers[1];
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	__u64 start_boottime;
	struct mm_struct *mm;
	struct pid *thread_pid;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	char comm[16];
};

#pragma clang attribute pop

#endif

/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Translated destinations (DNAT), on demand. Connection tracking attaches its entry to a packet, so a SYN that leaves after
 * translation shows both addresses: the one that the program connected to and the translated one. The programs see the packets
 * of all network namespaces: a container's SYN is translated in the namespace of the host, where it has no socket. The reader
 * matches addresses and ports with the attempts.
 *
 * net_dev_queue runs for every packet that the host sends. Bottom halves are off there (__dev_queue_xmit), so that nothing
 * interrupts the program and no run is skipped.
 */
#ifndef TCPCONN_NAT_H
#define TCPCONN_NAT_H

/* include/uapi/linux/netfilter/nf_conntrack_common.h, enum ip_conntrack_info: the lower bits of sk_buff._nfct */
enum { IP_CT_NEW = 2, IP_CT_ESTABLISHED_REPLY = 3 };
#define NFCT_INFO_BITS 7
#define LOOPBACK_IFINDEX 1

/* struct nf_conntrack_tuple: not changed from Linux 5.8 to 7.2. Ports in network byte order. */
struct tuple {
	__u8 source[16];         /* IPv4: the first four bytes */
	__be16 source_port;
	__u16 family;            /* AF_INET or AF_INET6 */
	__u8 destination[16];
	__be16 destination_port;
	__u8 protocol;
	__u8 direction;
};

/* struct nf_conntrack_tuple_hash */
struct tuple_hash {
	__u64 node[2];
	struct tuple tuple;
};

/* nf_conn.tuplehash: packets to the requested destination, and packets from the one that answers */
struct tuples {
	struct tuple_hash original;
	struct tuple_hash reply;
};

static __always_inline void map_endpoint(struct endpoint *to, const __u8 *address, __be16 port, __u16 family)
{
	__u32 *words = (__u32 *)to->address;

	if (family == AF_INET6) {
		__builtin_memcpy(to->address, address, 16);
	} else {
		words[0] = words[1] = 0;
		words[2] = bpf_htonl(0xffff);
		words[3] = *(const __u32 *)address;
	}
	to->port = bpf_ntohs(port);
}

static __always_inline bool has_same_destination(const struct tuple *original, const struct tuple *reply)
{
	const __u32 *asked = (const __u32 *)original->destination, *answers = (const __u32 *)reply->source;

	if (original->destination_port != reply->source_port || asked[0] != answers[0])
		return false;
	return original->family != AF_INET6 || (asked[1] == answers[1] && asked[2] == answers[2] && asked[3] == answers[3]);
}

static __always_inline void send_translation(const struct tuples *tuples, struct netns_id netns, bool is_forwarded)
{
	const struct tuple *original = &tuples->original.tuple, *reply = &tuples->reply.tuple;
	struct metadata_event *event;
	struct translation *to;

	event = bpf_ringbuf_reserve(&metadata, sizeof(*event) + sizeof(*to), 0);
	if (!event) {
		count_lost_address();
		return;
	}
	event->seen_ns = bpf_ktime_get_ns();
	event->cgroup_id = 0;
	event->socket_cookie = 0;
	event->netns = netns.inode;
	event->netns_cookie = netns.cookie;
	event->kind = METADATA_TRANSLATION;
	event->is_cut = 0;
	event->payload_bytes = sizeof(*to);
	to = (struct translation *)(event + 1);
	map_endpoint(&to->source, original->source, original->source_port, original->family);
	map_endpoint(&to->destination, original->destination, original->destination_port, original->family);
	map_endpoint(&to->new_source, reply->destination, reply->destination_port, original->family);
	map_endpoint(&to->new_destination, reply->source, reply->source_port, original->family);
	to->is_forwarded = is_forwarded;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

/* A packet in the original direction before the first answer. */
static __always_inline bool is_unanswered(unsigned long nfct)
{
	return (nfct & NFCT_INFO_BITS) == IP_CT_NEW;
}

/*
 * The SYN of a container to a socket of the host is received, not sent: its answer shows the entry. A SYN-ACK belongs to a
 * request, a RST to the kernel's own socket, which is closed.
 */
static __always_inline bool is_first_answer(struct sk_buff *skb, unsigned long nfct)
{
	struct sock *sk;

	if ((nfct & NFCT_INFO_BITS) != IP_CT_ESTABLISHED_REPLY)
		return false;
	sk = skb->sk;
	if (!sk || skb->dev->ifindex == LOOPBACK_IFINDEX)
		return false;
	return sk->__sk_common.skc_state == TCP_NEW_SYN_RECV ||
	       (sk->__sk_common.skc_state == TCP_CLOSE && sk->sk_protocol == IPPROTO_TCP);
}

/* Linux without connection tracking, or whose BTF does not describe it: probe/nat-gaps.ts reports it. */
static __always_inline unsigned long nfct_of(struct sk_buff *skb)
{
	if (!bpf_core_field_exists(skb->_nfct) || !bpf_core_type_exists(struct nf_conn))
		return 0;
	return skb->_nfct;
}

static __always_inline void follow_translation(struct sk_buff *skb, unsigned long nfct, bool is_answer)
{
	unsigned long entry = nfct & ~(unsigned long)NFCT_INFO_BITS;
	struct tuples tuples;
	struct sock *sk;

	if (!state.recording)
		return;
	if (bpf_probe_read_kernel(&tuples, sizeof(tuples), (void *)(entry + bpf_core_field_offset(struct nf_conn, tuplehash))))
		return;
	if (tuples.original.tuple.protocol != IPPROTO_TCP || has_same_destination(&tuples.original.tuple, &tuples.reply.tuple))
		return;
	sk = skb->sk;
	if (!is_answer && sk && sk->__sk_common.skc_state == TCP_SYN_SENT)
		send_translation(&tuples, load_netns(sk->__sk_common.skc_net.net), false);
	else
		send_translation(&tuples, load_netns(skb->dev->nd_net.net), true);
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(follow_sent, struct sk_buff *skb)
{
	unsigned long nfct = nfct_of(skb);

	if (!nfct)
		return 0;
	if (is_unanswered(nfct))
		follow_translation(skb, nfct, false);
	else if (is_first_answer(skb, nfct))
		follow_translation(skb, nfct, true);
	return 0;
}

/*
 * A translated SYN that a filter dropped, or whose neighbour did not answer. What arrives over loopback was sent before: a
 * refused SYN is dropped there too.
 */
SEC("tp_btf/kfree_skb")
int BPF_PROG(follow_dropped, struct sk_buff *skb)
{
	unsigned long nfct = nfct_of(skb);

	if (nfct && is_unanswered(nfct) && skb->dev->ifindex != LOOPBACK_IFINDEX)
		follow_translation(skb, nfct, false);
	return 0;
}

#endif

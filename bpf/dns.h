/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* DNS over UDP, as the sockets of this host send and receive it. Attached to the root of cgroup v2, and only on demand. */
#ifndef TCPCONN_DNS_H
#define TCPCONN_DNS_H

#define DNS_PORT 53
#define DNS_HEADER_BYTES 12
#define IPPROTO_UDP 17
#define IP_FRAGMENT_OFFSET 0x1fff

/* Sizes that room is made for in the ring. Answers of more than the last are cut off. */
#define SMALL_BYTES 480
#define MEDIUM_BYTES 1504
#define LARGE_BYTES 4096

struct udp_header {
	__be16 source;
	__be16 destination;
	__be16 length;
	__be16 checksum;
};

/* Offset of the UDP header, 0 when the packet is none of UDP. Packets begin at the IP header here. */
static __always_inline __u32 find_udp(struct __sk_buff *skb)
{
	__u8 *packet = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (packet + 20 > end)
		return 0;
	if (packet[0] >> 4 == 4) {
		if (packet[9] != IPPROTO_UDP || (*(__be16 *)(packet + 6) & bpf_htons(IP_FRAGMENT_OFFSET)))
			return 0;
		return (packet[0] & 15) * 4;
	}
	/* Extension headers before DNS do not happen. */
	return packet[6] == IPPROTO_UDP ? 40 : 0;
}

/*
 * The port of the other side, in network byte order, 0 when it cannot be read. Looked at in place: a call of the helper would
 * double what the program takes, and most packets of UDP are none of DNS.
 */
static __always_inline __be16 remote_port_of(struct __sk_buff *skb, __u32 offset, __u16 kind)
{
	__u8 *header = (void *)(long)skb->data + offset, *end = (void *)(long)skb->data_end;
	struct udp_header udp;

	if (header + sizeof(udp) <= end)
		udp = *(struct udp_header *)header;
	else if (bpf_skb_load_bytes(skb, offset, &udp, sizeof(udp)))
		return 0;
	return kind == CONTEXT_DNS_QUERY ? udp.destination : udp.source;
}

/* Of a struct sock: as much as struct sock_common has before skc_net, and some. */
#define SOCK_HEAD_BYTES 128

/*
 * Reading kernel memory here takes a kernel that allows it: chosen at load. The pointer to a socket that packets come with
 * may be handed on, but not calculated with: so the head of the socket is copied.
 */
static __always_inline __u32 netns_of(struct __sk_buff *skb)
{
	__u64 offset = bpf_core_field_offset(struct sock_common, skc_net);
	__u8 head[SOCK_HEAD_BYTES];
	void *sk = skb->sk;
	struct net *net;

	if (!filters.reads_netns || !sk || offset > sizeof(head) - sizeof(net))
		return 0;
	if (bpf_probe_read_kernel(head, sizeof(head), sk))
		return 0;
	net = *(struct net **)(head + offset);
	return BPF_CORE_READ(net, ns.inum);
}

static __always_inline void copy_packet(struct __sk_buff *skb, __u32 offset, __u32 bytes, const __u32 room, __u16 kind)
{
	struct context_event *event = bpf_ringbuf_reserve(&context, sizeof(*event) + room, 0);

	if (!event) {
		count_lost_context();
		return;
	}
	event->seen_ns = bpf_ktime_get_ns();
	event->cgroup_id = bpf_skb_cgroup_id(skb);
	event->socket_cookie = bpf_get_socket_cookie(skb);
	event->netns = netns_of(skb);
	event->kind = kind;
	event->payload_bytes = bytes;
	/* The compiler knows more than the verifier, and makes one comparison of two: Linux 5.10 forgets its lower bound. */
	asm volatile("" : "+r"(bytes));
	if (bytes < DNS_HEADER_BYTES)
		goto discard;
	asm volatile("" : "+r"(bytes));
	if (bytes > room || bpf_skb_load_bytes(skb, offset, event + 1, bytes))
		goto discard;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return;
discard:
	bpf_ringbuf_discard(event, BPF_RB_NO_WAKEUP);
}

static __always_inline void follow_dns(struct __sk_buff *skb, __u16 kind)
{
	__u32 offset = find_udp(skb), bytes;

	if (!offset || remote_port_of(skb, offset, kind) != bpf_htons(DNS_PORT) || !state.recording)
		return;
	offset += sizeof(struct udp_header);
	if (skb->len < offset + DNS_HEADER_BYTES)
		return;
	bytes = skb->len - offset;
	if (bytes <= SMALL_BYTES)
		copy_packet(skb, offset, bytes, SMALL_BYTES, kind);
	else if (bytes <= MEDIUM_BYTES)
		copy_packet(skb, offset, bytes, MEDIUM_BYTES, kind);
	else
		copy_packet(skb, offset, bytes < LARGE_BYTES ? bytes : LARGE_BYTES, LARGE_BYTES, kind);
}

/* Both let every packet pass. */
SEC("cgroup_skb/egress")
int follow_queries(struct __sk_buff *skb)
{
	follow_dns(skb, CONTEXT_DNS_QUERY);
	return 1;
}

SEC("cgroup_skb/ingress")
int follow_answers(struct __sk_buff *skb)
{
	follow_dns(skb, CONTEXT_DNS_ANSWER);
	return 1;
}

#endif

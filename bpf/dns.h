/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * DNS over UDP, as sent and received by the sockets of this host. Attached to the root of cgroup v2, on demand.
 *
 * A packet is DNS if its remote port is a DNS port. With a translated destination (DNAT), a query shows the translated port,
 * and its answer comes from that port: netfilter translates before these programs see a query, and translates back before they
 * see an answer. A connected socket keeps the original port. An unconnected socket has none; Docker's embedded resolver, which
 * is queried this way, is recognized by its address.
 */
#ifndef TCPCONN_DNS_H
#define TCPCONN_DNS_H

#define DNS_HEADER_BYTES 12
/* 127.0.0.11: Docker's embedded resolver. Its port 53 is translated to a random port. */
#define DOCKER_RESOLVER 0x7f00000b
#define IPPROTO_UDP 17
#define IP_FRAGMENT_OFFSET 0x1fff

/* Record sizes in the ring. A larger packet is truncated. */
#define SMALL_BYTES 480
#define MEDIUM_BYTES 1504
#define LARGE_BYTES 4096

struct udp_header {
	__be16 source;
	__be16 destination;
	__be16 length;
	__be16 checksum;
};

/* RFC 1035, 4.1.1: the fields that distinguish a query from an answer. */
struct dns_head {
	__be16 id;
	__u8 codes;
	__u8 rcode;
	__be16 question_count;
};

#define DNS_QR 0x80
#define DNS_OPCODE 0x78

/* The parsed fields of a packet's IP header. */
struct udp_packet {
	__u32 offset;            /* of the UDP header; 0 when the packet is not UDP */
	__be32 remote_ipv4;      /* remote address; 0 for IPv6 */
	__u8 destination;        /* first byte of the destination address */
};

/* Packets start at the IP header. */
static __always_inline struct udp_packet find_udp(struct __sk_buff *skb, __u16 kind)
{
	struct udp_packet found = {};
	__u8 *packet = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (packet + 20 > end)
		return found;
	if (packet[0] >> 4 == 4) {
		if (packet[9] != IPPROTO_UDP || (*(__be16 *)(packet + 6) & bpf_htons(IP_FRAGMENT_OFFSET)))
			return found;
		found.offset = (packet[0] & 15) * 4;
		found.remote_ipv4 = *(__be32 *)(packet + (kind == METADATA_DNS_QUERY ? 16 : 12));
		found.destination = packet[16];
		return found;
	}
	/* DNS packets have no IPv6 extension headers before UDP. */
	if (packet[6] != IPPROTO_UDP || packet + 40 > end)
		return found;
	found.offset = 40;
	found.destination = packet[24];
	return found;
}

/*
 * The remote port in network byte order; 0 if unreadable. Read in place: a helper call would double the run time, and most UDP
 * packets are not DNS.
 */
static __always_inline __be16 remote_port_of(struct __sk_buff *skb, __u32 offset, __u16 kind)
{
	__u8 *header = (void *)(long)skb->data + offset, *end = (void *)(long)skb->data_end;
	struct udp_header udp;

	if (header + sizeof(udp) <= end)
		udp = *(struct udp_header *)header;
	else if (bpf_skb_load_bytes(skb, offset, &udp, sizeof(udp)))
		return 0;
	return kind == METADATA_DNS_QUERY ? udp.destination : udp.source;
}

/* Usually there is one port: the verifier knows the settings and removes the comparisons after the last port. */
static __always_inline bool is_dns_port(__be16 port)
{
#pragma unroll
	for (int i = 0; i < MAX_DNS_PORTS; i++) {
		__be16 one = config.dns_ports[i];

		if (!one)
			return false;
		if (one == port)
			return true;
	}
	return false;
}

/* Whether the socket is connected to a name server, regardless of address translation. */
static __always_inline bool asks_name_server(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return sk && is_dns_port(sk->dst_port);
}

/* Checks the contents if neither address nor socket identify the packet. */
static __always_inline bool looks_like_dns(struct __sk_buff *skb, __u32 offset, __u16 kind)
{
	struct dns_head head;

	if (bpf_skb_load_bytes(skb, offset + sizeof(struct udp_header), &head, sizeof(head)))
		return false;
	return (head.codes & (DNS_QR | DNS_OPCODE)) == (kind == METADATA_DNS_QUERY ? 0 : DNS_QR) &&
	       head.question_count == bpf_htons(1);
}

/* 224.0.0.0/4, ff00::/8: answers to multicast DNS queries are not matched. */
static __always_inline bool is_multicast(const struct udp_packet *packet)
{
	return packet->remote_ipv4 ? packet->destination >> 4 == 0xe : packet->destination == 0xff;
}

static __always_inline bool is_dns(struct __sk_buff *skb, const struct udp_packet *packet, __u16 kind)
{
	if (is_dns_port(remote_port_of(skb, packet->offset, kind)))
		return !is_multicast(packet);
	/* A socket connected to a name server can send elsewhere with sendto(2). */
	if (packet->remote_ipv4 != bpf_htonl(DOCKER_RESOLVER) && !(kind == METADATA_DNS_QUERY && asks_name_server(skb)))
		return false;
	return looks_like_dns(skb, packet->offset, kind);
}

/* Bytes copied from a struct sock: covers struct sock_common up to skc_net. */
#define SOCK_HEAD_BYTES 128

/*
 * Requires permission to read kernel memory, selected at load. The verifier allows passing the packet's socket pointer on, but
 * no arithmetic with it, so the head of the socket is copied.
 */
static __always_inline struct netns_id netns_of(struct __sk_buff *skb)
{
	struct netns_id unknown = {};
	__u64 offset = bpf_core_field_offset(struct sock_common, skc_net);
	__u8 head[SOCK_HEAD_BYTES];
	void *sk = skb->sk;
	struct net *net;

	if (!config.reads_netns || !sk || offset > sizeof(head) - sizeof(net))
		return unknown;
	if (bpf_probe_read_kernel(head, sizeof(head), sk))
		return unknown;
	net = *(struct net **)(head + offset);
	return copy_netns(net);
}

static __always_inline void copy_packet(struct __sk_buff *skb, __u32 offset, __u32 bytes, const __u32 room, __u16 kind)
{
	struct metadata_event *event = bpf_ringbuf_reserve(&metadata, sizeof(*event) + room, 0);
	struct netns_id netns;

	if (!event) {
		count_lost_metadata();
		return;
	}
	event->seen_ns = bpf_ktime_get_ns();
	event->cgroup_id = bpf_skb_cgroup_id(skb);
	event->socket_cookie = bpf_get_socket_cookie(skb);
	netns = netns_of(skb);
	event->netns = netns.inode;
	event->netns_cookie = netns.cookie;
	event->kind = kind;
	event->is_cut = skb->len > offset + LARGE_BYTES;
	event->payload_bytes = bytes;
	/* The compiler merges two comparisons into one, and Linux 5.10 then loses the lower bound. */
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
	struct udp_packet packet = find_udp(skb, kind);
	__u32 offset, bytes;

	if (!packet.offset || !is_dns(skb, &packet, kind) || !state.recording)
		return;
	offset = packet.offset + sizeof(struct udp_header);
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

/* Both programs let every packet pass. */
SEC("cgroup_skb/egress")
int follow_queries(struct __sk_buff *skb)
{
	follow_dns(skb, METADATA_DNS_QUERY);
	return 1;
}

SEC("cgroup_skb/ingress")
int follow_answers(struct __sk_buff *skb)
{
	follow_dns(skb, METADATA_DNS_ANSWER);
	return 1;
}

#endif

/*
 * Makes handshakes as on a real network, which loopback cannot: in a network namespace of its own, this program connects
 * to a host behind a TUN device, and acts as that host itself.
 *
 *   syn-reset [--mode MODE] [--family 4|6|mapped] [--seconds S] [--port P]        (or --mode synack-delay MS)
 *
 *   reset            answers with a SYN (simultaneous open, SYN_RECV), then with RST: ECONNRESET
 *   unreachable      answers with ICMP host unreachable: EHOSTUNREACH
 *   blackhole        does not answer for --seconds (4), then closes: cancelled in SYN_SENT
 *   synack-delay MS  answers after MS ms and at least one retransmitted SYN: established
 *
 * The host is 10.77.0.2 or fd77::2; mapped is the first one, through an IPv6 socket.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "workload.h"

/* A packet, and pointers to the parts that both versions of IP have. */
struct segment {
	unsigned char packet[128];
	size_t addresses, address_bytes, payload;
	struct tcphdr tcp;
};

static const char *const modes[] = { "reset", "unreachable", "blackhole", "synack-delay", NULL };
static const struct {
	const char *name, *connect_to, *remote, *local;
} families[] = {
	{ "4", "10.77.0.2", "10.77.0.2", "10.77.0.1" },
	{ "6", "fd77::2", "fd77::2", "fd77::1" },
	{ "mapped", "::ffff:10.77.0.2", "10.77.0.2", "10.77.0.1" },
	{ 0 },
};
static const struct option options[] = {
	{ "mode", required_argument, NULL, 'm' }, { "family", required_argument, NULL, 'f' },
	{ "seconds", required_argument, NULL, 's' }, { "port", required_argument, NULL, 'p' }, { 0 },
};
static enum { RESET, UNREACHABLE, BLACKHOLE, SYNACK_DELAY } mode;
static const int expected_errors[] = { ECONNRESET, EHOSTUNREACH, EINPROGRESS, 0 };
static int family;
static long delay_ms = 4000;
static int tun, syns, answers;

static int open_tun_file(void)
{
	char path[] = "/tmp/syn-reset-tun.XXXXXX", node[sizeof(path) + 4];
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	/* A container may have the driver but not the device file. */
	if (!mkdtemp(path))
		err(1, "%s", path);
	snprintf(node, sizeof(node), "%s/tun", path);
	if (!mknod(node, S_IFCHR | 0600, makedev(10, 200)))
		fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		warn("open the TUN driver");
	unlink(node);
	rmdir(path);
	if (fd < 0)
		exit(1);
	return fd;
}

static void open_tun(void)
{
	struct ifreq request = { .ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI };
	struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
	struct in6_ifreq request6 = { .ifr6_prefixlen = 64 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	tun = open_tun_file();
	if (ioctl(tun, TUNSETIFF, &request))
		err(1, "TUNSETIFF");
	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = inet_addr("10.77.0.1") };
	if (ioctl(fd, SIOCSIFADDR, &request))
		err(1, "SIOCSIFADDR");
	address->sin_addr.s_addr = inet_addr("255.255.255.0");
	if (ioctl(fd, SIOCSIFNETMASK, &request))
		err(1, "SIOCSIFNETMASK");
	set_up("tun0");
	request6.ifr6_ifindex = (int)if_nametoindex("tun0");
	inet_pton(AF_INET6, "fd77::1", &request6.ifr6_addr);
	if (ioctl(fd6, SIOCSIFADDR, &request6))
		err(1, "SIOCSIFADDR of IPv6");
	close(fd);
	close(fd6);
}

/* The device carries packets shortly after it is up, and has an IPv6 address only then. */
static void await_address(const char *address)
{
	struct endpoint local = parse_endpoint(address, "0");
	int fd = socket(local.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long started = now_ms();

	while (bind(fd, (struct sockaddr *)&local.address, local.length)) {
		if (now_ms() - started > 5000)
			err(1, "%s does not come up", address);
		poll(NULL, 0, 5);
	}
	close(fd);
}

static uint32_t sum(const void *data, size_t length, uint32_t total)
{
	const unsigned char *byte = data;

	for (size_t i = 0; i < length; i++)
		total += i % 2 ? byte[i] : byte[i] << 8;
	return total;
}

static uint16_t checksum(uint32_t total)
{
	total = (total >> 16) + (total & 0xffff);
	return htons((uint16_t)~(total + (total >> 16)));
}

/* The checksum of the pseudo header and the data after it: RFC 9293, 3.1, and RFC 8200, 8.1. */
static uint16_t transport_checksum(const struct segment *to, uint8_t protocol, const void *payload, size_t length)
{
	uint32_t pseudo = sum(to->packet + to->addresses, 2 * to->address_bytes, protocol + (uint32_t)length);

	return checksum(sum(payload, length, pseudo));
}

/* The address that a segment came from. */
static void send_packet(const struct segment *to, uint8_t protocol, const void *payload, size_t length)
{
	unsigned char packet[128] = { 0 };
	const unsigned char *source = to->packet + to->addresses, *destination = source + to->address_bytes;
	size_t total = to->payload + length;

	if (to->address_bytes == 4) {
		struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = protocol, .tot_len = htons(total) };

		memcpy(packet, &ip, sizeof(ip));
	} else {
		struct ipv6hdr ip = { .version = 6, .hop_limit = 64, .nexthdr = protocol, .payload_len = htons(length) };

		memcpy(packet, &ip, sizeof(ip));
	}
	memcpy(packet + to->addresses, destination, to->address_bytes);
	memcpy(packet + to->addresses + to->address_bytes, source, to->address_bytes);
	if (to->address_bytes == 4)
		((struct iphdr *)packet)->check = checksum(sum(packet, to->payload, 0));
	memcpy(packet + to->payload, payload, length);
	if (write(tun, packet, total) != (ssize_t)total)
		err(1, "write to the TUN device");
	answers++;
}

enum { SYN = 2, RST = 4, ACK = 16 };

static void send_segment(const struct segment *to, uint32_t sequence, uint32_t acknowledged, uint8_t flags)
{
	struct tcphdr tcp = { .source = to->tcp.dest, .dest = to->tcp.source, .seq = htonl(sequence),
			      .ack_seq = htonl(acknowledged), .doff = 5, .window = htons(65535),
			      .syn = !!(flags & SYN), .rst = !!(flags & RST), .ack = !!(flags & ACK) };

	tcp.check = transport_checksum(to, IPPROTO_TCP, &tcp, sizeof(tcp));
	send_packet(to, IPPROTO_TCP, &tcp, sizeof(tcp));
}

/* Both versions have a header of 8 bytes, and quote the packet after it. */
static void send_unreachable(const struct segment *to)
{
	struct {
		struct icmphdr icmp;
		unsigned char quoted[sizeof(struct ipv6hdr) + 8];
	} message = { 0 };
	size_t quoted = to->payload + 8, length = sizeof(message.icmp) + quoted;

	memcpy(message.quoted, to->packet, quoted);
	if (to->address_bytes == 4) {
		message.icmp = (struct icmphdr){ .type = ICMP_DEST_UNREACH, .code = ICMP_HOST_UNREACH };
		message.icmp.checksum = checksum(sum(&message, length, 0));
		send_packet(to, IPPROTO_ICMP, &message, length);
	} else {
		message.icmp = (struct icmphdr){ .type = ICMP6_DST_UNREACH, .code = ICMP6_DST_UNREACH_ADDR };
		message.icmp.checksum = transport_checksum(to, IPPROTO_ICMPV6, &message, length);
		send_packet(to, IPPROTO_ICMPV6, &message, length);
	}
}

/* Whether it is a TCP segment to this port. The kernel also sends IPv6 router solicitations and the like. */
static bool read_segment(struct segment *segment, int port)
{
	ssize_t length = read(tun, segment->packet, sizeof(segment->packet));
	bool is_ipv6 = length > 0 && segment->packet[0] >> 4 == 6;

	segment->addresses = is_ipv6 ? offsetof(struct ipv6hdr, saddr) : offsetof(struct iphdr, saddr);
	segment->address_bytes = is_ipv6 ? 16 : 4;
	segment->payload = is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	if (length < (ssize_t)(segment->payload + sizeof(segment->tcp)))
		return false;
	if (segment->packet[is_ipv6 ? offsetof(struct ipv6hdr, nexthdr) : offsetof(struct iphdr, protocol)] != IPPROTO_TCP)
		return false;
	memcpy(&segment->tcp, segment->packet + segment->payload, sizeof(segment->tcp));
	return ntohs(segment->tcp.dest) == port;
}

/* Reads the packets of the connecting side from the device; 1000 is the first sequence number of the other side. */
static void answer(struct segment *last_syn, int port)
{
	struct segment segment;

	if (!read_segment(&segment, port))
		return;
	if (segment.tcp.syn && !segment.tcp.ack) {
		syns++;
		*last_syn = segment;
		if (mode == RESET)
			send_segment(&segment, 1000, 0, SYN);
		else if (mode == UNREACHABLE)
			send_unreachable(&segment);
	} else if (segment.tcp.syn && mode == RESET) {
		send_segment(&segment, 1001, 0, RST);
	}
}

static int handshake(int fd, int port)
{
	const long started = now_ms(), limit = mode == BLACKHOLE ? delay_ms : delay_ms + 30000;
	struct pollfd events[] = { { .fd = fd, .events = POLLOUT }, { .fd = tun, .events = POLLIN } };
	struct segment last_syn;

	for (long elapsed = 0; elapsed < limit; elapsed = now_ms() - started) {
		if (mode == SYNACK_DELAY && syns >= 2 && elapsed >= delay_ms && !answers)
			send_segment(&last_syn, 1000, ntohl(last_syn.tcp.seq) + 1, SYN | ACK);
		if (poll(events, 2, 20) < 0)
			err(1, "poll");
		if (events[1].revents)
			answer(&last_syn, port);
		else if (events[0].revents)
			return socket_error(fd);
	}
	return EINPROGRESS;
}

int main(int argc, char **argv)
{
	const struct linger reset_on_close = { 1, 0 };
	const char *port = "4242";
	struct endpoint remote, local;
	int fd, error;
	long started;

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'm':
			for (mode = 0; modes[mode] && strcmp(modes[mode], optarg); mode++)
				;
			if (!modes[mode])
				errx(1, "--mode %s: no such mode", optarg);
			break;
		case 'f':
			for (family = 0; families[family].name && strcmp(families[family].name, optarg); family++)
				;
			if (!families[family].name)
				errx(1, "--family %s: expected 4, 6 or mapped", optarg);
			break;
		case 's': delay_ms = 1000 * parse_number(optarg, 1, 300); break;
		case 'p': port = optarg; break;
		default: return 1;
		}
	}
	if (argc - optind != (mode == SYNACK_DELAY))
		errx(1, "expected MS after --mode synack-delay and nothing else");
	if (mode == SYNACK_DELAY)
		delay_ms = parse_number(argv[optind], 0, 60000);
	remote = parse_endpoint(families[family].connect_to, port);
	enter_own_netns();
	open_tun();
	await_address(families[family].local);
	fd = socket(remote.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	started = now_ms();
	if (!connect(fd, (struct sockaddr *)&remote.address, remote.length) || errno != EINPROGRESS)
		err(1, "connect");
	local = local_endpoint(fd);
	error = handshake(fd, port_of(&remote));
	printf("{\"mode\":\"%s\",\"pid\":%d,\"remote\":\"%s\",\"remote_port\":%d,\"local\":\"%s\",\"local_port\":%d,"
	       "\"errno\":%d,\"syns\":%d,\"elapsed_ms\":%ld}\n", modes[mode], getpid(), families[family].remote,
	       port_of(&remote), families[family].local, port_of(&local), error, syns, now_ms() - started);
	/* An orphaned socket that waits for the ACK of its FIN would keep the namespace alive. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof(reset_on_close));
	close(fd);
	if (error != expected_errors[mode] || !syns)
		errx(1, "expected errno %d, got %d after %d SYNs", expected_errors[mode], error, syns);
	return 0;
}

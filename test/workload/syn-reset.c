/*
 * What a handshake meets on a real network and never on loopback: in a network namespace of its own this program
 * connects to 10.77.0.2, behind a TUN device, and plays that host itself.
 *
 *   syn-reset [--mode MODE] [--seconds S] [--port P]        (or --mode synack-delay MS)
 *
 *   reset            answers by a bare SYN (simultaneous open, SYN_RECV), then by RST: ECONNRESET
 *   unreachable      answers by ICMP host unreachable: EHOSTUNREACH
 *   blackhole        answers nothing for --seconds (4), then closes: cancelled in SYN_SENT
 *   synack-delay MS  answers after MS ms and at least one retransmitted SYN: established
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "workload.h"

struct segment {
	struct iphdr ip;
	struct tcphdr tcp;
	unsigned char options[40];
};

static const char *const modes[] = { "reset", "unreachable", "blackhole", "synack-delay", NULL };
static const struct option options[] = {
	{ "mode", required_argument, NULL, 'm' }, { "seconds", required_argument, NULL, 's' },
	{ "port", required_argument, NULL, 'p' }, { 0 },
};
static enum { RESET, UNREACHABLE, BLACKHOLE, SYNACK_DELAY } mode;
static const int expected_errors[] = { ECONNRESET, EHOSTUNREACH, EINPROGRESS, 0 };
static long delay_ms = 4000;
static int tun, syns, answers;

static int open_tun_file(void)
{
	char path[] = "/tmp/syn-reset-tun.XXXXXX", node[sizeof(path) + 4];
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	/* A container may lack the file but not the driver. */
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
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	tun = open_tun_file();
	if (ioctl(tun, TUNSETIFF, &request))
		err(1, "TUNSETIFF");
	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = inet_addr("10.77.0.1") };
	if (ioctl(fd, SIOCSIFADDR, &request))
		err(1, "SIOCSIFADDR");
	address->sin_addr.s_addr = inet_addr("255.255.255.0");
	if (ioctl(fd, SIOCSIFNETMASK, &request))
		err(1, "SIOCSIFNETMASK");
	close(fd);
	set_up("tun0");
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

static void send_packet(struct iphdr *ip, size_t length, uint8_t protocol, const struct iphdr *to)
{
	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = protocol, .tot_len = htons(length),
			      .saddr = to->daddr, .daddr = to->saddr };
	ip->check = checksum(sum(ip, sizeof(*ip), 0));
	if (write(tun, ip, length) != (ssize_t)length)
		err(1, "write to the TUN device");
	answers++;
}

enum { SYN = 2, RST = 4, ACK = 16 };

static void send_segment(const struct segment *to, uint32_t sequence, uint32_t acknowledged, uint8_t flags)
{
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} packet = { .tcp = { .source = to->tcp.dest, .dest = to->tcp.source, .seq = htonl(sequence),
			      .ack_seq = htonl(acknowledged), .doff = 5, .window = htons(65535),
			      .syn = !!(flags & SYN), .rst = !!(flags & RST), .ack = !!(flags & ACK) } };
	uint32_t pseudo = sum(&to->ip.saddr, 8, IPPROTO_TCP + sizeof(packet.tcp));

	packet.tcp.check = checksum(sum(&packet.tcp, sizeof(packet.tcp), pseudo));
	send_packet(&packet.ip, sizeof(packet), IPPROTO_TCP, &to->ip);
}

static void send_unreachable(const struct segment *to)
{
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
		unsigned char quoted[sizeof(struct iphdr) + 8];
	} packet = { .icmp = { .type = ICMP_DEST_UNREACH, .code = ICMP_HOST_UNREACH } };

	memcpy(packet.quoted, to, sizeof(packet.quoted));
	packet.icmp.checksum = checksum(sum(&packet.icmp, sizeof(packet) - sizeof(packet.ip), 0));
	send_packet(&packet.ip, sizeof(packet), IPPROTO_ICMP, &to->ip);
}

/* Takes what the connecting side sent off the device; sequence 1000 is the other side's first. */
static void answer(struct segment *last_syn, int port)
{
	struct segment segment;
	ssize_t length = read(tun, &segment, sizeof(segment));

	/* The kernel also asks for IPv6 routers. */
	if (length < (ssize_t)(sizeof(struct iphdr) + sizeof(struct tcphdr)) || segment.ip.version != 4 ||
	    segment.ip.ihl != 5 || segment.ip.protocol != IPPROTO_TCP || ntohs(segment.tcp.dest) != port)
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
		case 's': delay_ms = 1000 * parse_number(optarg, 1, 300); break;
		case 'p': port = optarg; break;
		default: return 1;
		}
	}
	if (argc - optind != (mode == SYNACK_DELAY))
		errx(1, "expected MS after --mode synack-delay and nothing else");
	if (mode == SYNACK_DELAY)
		delay_ms = parse_number(argv[optind], 0, 60000);
	remote = parse_endpoint("10.77.0.2", port);
	enter_own_netns();
	open_tun();
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	started = now_ms();
	if (!connect(fd, (struct sockaddr *)&remote.address, remote.length) || errno != EINPROGRESS)
		err(1, "connect");
	local = local_endpoint(fd);
	error = handshake(fd, port_of(&remote));
	printf("{\"mode\":\"%s\",\"pid\":%d,\"remote\":\"10.77.0.2\",\"remote_port\":%d,\"local\":\"10.77.0.1\","
	       "\"local_port\":%d,\"errno\":%d,\"syns\":%d,\"elapsed_ms\":%ld}\n", modes[mode], getpid(), port_of(&remote),
	       port_of(&local), error, syns, now_ms() - started);
	/* An orphan that waits for its FIN to be acknowledged would keep the namespace. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof(reset_on_close));
	close(fd);
	if (error != expected_errors[mode] || !syns)
		errx(1, "expected errno %d, got %d after %d SYNs", expected_errors[mode], error, syns);
	return 0;
}

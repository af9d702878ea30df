/*
 * Sends one SYN through a raw socket, like a TCP stack in user space: the kernel has no TCP socket for it.
 *
 *   raw-syn ADDRESS PORT
 *
 * Prints { pid, answer } with the flags of the segment that came back: 20 (RST and ACK) from a closed port. IPv4 only.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include "workload.h"

#define LOCAL_PORT 40000
#define IP_HEADER_BYTES 20

struct pseudo_header {
	uint32_t source, destination;
	uint8_t zero, protocol;
	uint16_t length;
	struct tcphdr segment;
};

/* RFC 1071 */
static uint16_t checksum(const void *data, size_t bytes)
{
	const uint16_t *words = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

int main(int argc, char **argv)
{
	struct pseudo_header packet = { .protocol = IPPROTO_TCP, .length = htons(sizeof(struct tcphdr)) };
	struct tcphdr *segment = &packet.segment, *answer;
	struct endpoint remote;
	unsigned char received[128];
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);

	if (argc != 3)
		errx(1, "expected ADDRESS and PORT");
	if (fd < 0)
		err(1, "socket");
	alarm(30);
	remote = parse_endpoint(argv[1], argv[2]);
	/* Both ends have the same address. */
	packet.source = packet.destination = ((struct sockaddr_in *)&remote.address)->sin_addr.s_addr;
	segment->source = htons(LOCAL_PORT);
	segment->dest = htons(port_of(&remote));
	segment->seq = htonl(1);
	segment->doff = sizeof(*segment) / 4;
	segment->syn = 1;
	segment->window = htons(1024);
	segment->check = checksum(&packet, sizeof(packet));
	if (sendto(fd, segment, sizeof(*segment), 0, (struct sockaddr *)&remote.address, remote.length) < 0)
		err(1, "sendto");
	do {
		if (recv(fd, received, sizeof(received), 0) < IP_HEADER_BYTES + (ssize_t)sizeof(*answer))
			err(1, "recv");
		answer = (struct tcphdr *)(received + IP_HEADER_BYTES);
	} while (answer->dest != htons(LOCAL_PORT));
	printf("{\"pid\":%d,\"answer\":%d}\n", getpid(), ((uint8_t *)answer)[13]);
	return 0;
}

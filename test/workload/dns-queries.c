/*
 * Sends queries to other ports than that of a name server, as if their destination was translated (DNAT). No server
 * answers.
 *
 *   dns-queries
 *
 * `connected.example`: from a socket connected to port 53 of 127.0.0.1, to port 5300 there.
 * `docker.example`: from an unconnected socket, to port 34567 of 127.0.0.11.
 * `other.example`: from an unconnected socket, to port 5300 of 127.0.0.1. Nothing identifies it as a DNS query.
 *
 * The connected socket also sends a packet that is not DNS to port 5300, which sendto(2) allows.
 *
 * Prints { pid }.
 */
#define _GNU_SOURCE
#include "workload.h"
#include <stdio.h>

/* Header and question: A, IN. */
static size_t write_query(unsigned char *query, const char *label)
{
	static const unsigned char header[12] = { 0x12, 0x34, 1, 0, 0, 1 };
	static const unsigned char end[] = "\7example\0\0\1\0\1";
	const size_t length = strlen(label);

	memcpy(query, header, sizeof(header));
	query[sizeof(header)] = length;
	memcpy(query + sizeof(header) + 1, label, length);
	memcpy(query + sizeof(header) + 1 + length, end, sizeof(end) - 1);
	return sizeof(header) + 1 + length + sizeof(end) - 1;
}

static void send_bytes(int fd, const void *bytes, size_t length, const char *address, const char *port)
{
	const struct endpoint to = parse_endpoint(address, port);

	if (sendto(fd, bytes, length, 0, (const struct sockaddr *)&to.address, to.length) != (ssize_t)length)
		err(1, "send to %s:%s", address, port);
}

static void send_query(int fd, const char *label, const char *address, const char *port)
{
	unsigned char query[64];

	send_bytes(fd, query, write_query(query, label), address, port);
}

int main(void)
{
	const struct endpoint server = parse_endpoint("127.0.0.1", "53");
	int connected = socket(AF_INET, SOCK_DGRAM, 0), unconnected = socket(AF_INET, SOCK_DGRAM, 0);

	if (connected < 0 || unconnected < 0)
		err(1, "socket");
	if (connect(connected, (const struct sockaddr *)&server.address, server.length))
		err(1, "connect");
	send_query(connected, "connected", "127.0.0.1", "5300");
	send_bytes(connected, "requests:1|c\nerrors:0|c", 23, "127.0.0.1", "5300");
	send_query(unconnected, "docker", "127.0.0.11", "34567");
	send_query(unconnected, "other", "127.0.0.1", "5300");
	printf("{\"pid\":%d}\n", getpid());
	return 0;
}

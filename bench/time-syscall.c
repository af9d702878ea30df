/*
 * Repeats one system call and prints its duration. It uses CPU time, since other processes may run meanwhile.
 *
 *   time-syscall getppid|udp|refused|unreachable COUNT
 *
 * getppid      does almost nothing
 * udp          connect(2) of a UDP socket, which sends nothing
 * refused      connect(2) of a TCP socket to a port of 127.0.0.1 without a listener
 * unreachable  connect(2) of a TCP socket to an address without a route: there is no SYN
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TEST_NETWORK 0xc0000201 /* 192.0.2.1, which has no route: RFC 5737 */
#define DISCARD_PORT 9

struct call {
	const char *name;
	int type;          /* Type of the socket, 0 without one */
	in_addr_t address;
	int error;         /* Result of the call */
};

static const struct call calls[] = {
	{ "getppid", 0, 0, 0 },
	{ "udp", SOCK_DGRAM, INADDR_LOOPBACK, 0 },
	{ "refused", SOCK_STREAM, INADDR_LOOPBACK, ECONNREFUSED },
	{ "unreachable", SOCK_STREAM, TEST_NETWORK, ENETUNREACH },
};

static long long cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static const struct call *find_call(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	errx(2, "%s: expected getppid, udp, refused or unreachable", name);
}

/* Bound without listen(): it refuses, and no connect gets it as its local port by chance. */
static in_port_t take_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || getsockname(fd, (struct sockaddr *)&address, &length))
		err(1, "socket");
	return address.sin_port;
}

static void repeat_getppid(long count)
{
	while (count--)
		syscall(SYS_getppid);
}

/* A TCP socket whose connect failed can be used again. */
static void repeat_connect(const struct call *call, int fd, const struct sockaddr_in *to, long count)
{
	while (count--)
		if ((connect(fd, (const struct sockaddr *)to, sizeof(*to)) ? errno : 0) != call->error)
			err(1, "connect, expected %s, got", strerror(call->error));
}

int main(int argc, char **argv)
{
	const struct call *call = argc == 3 ? find_call(argv[1]) : NULL;
	long count = call ? atol(argv[2]) : 0;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(DISCARD_PORT) };
	long long before;
	int fd = -1;

	if (count < 1 || count > 1000000000)
		errx(2, "usage: time-syscall getppid|udp|refused|unreachable COUNT");
	if (call->type) {
		to.sin_addr.s_addr = htonl(call->address);
		if (call->error == ECONNREFUSED)
			to.sin_port = take_port();
		fd = socket(AF_INET, call->type | SOCK_CLOEXEC, 0);
		if (fd < 0)
			err(1, "socket");
	}
	before = cpu_ns();
	if (call->type)
		repeat_connect(call, fd, &to, count);
	else
		repeat_getppid(count);
	printf("%.2f\n", (double)(cpu_ns() - before) / (double)count);
	return 0;
}

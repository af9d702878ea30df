/*
 * One socket with two attempts without an answer: the first is cancelled before the second begins. A line on stdin starts
 * each step after the first; each step prints a line of JSON:
 *   before any     {"pid":…}
 *   begun          {}
 *   given up       {}
 *   begun again    {}
 *
 *   used-again SILENT     the ports are 1 and 2
 */
#define _GNU_SOURCE
#include <stdio.h>
#include "workload.h"

static void begin(int fd, const char *address, const char *port)
{
	struct endpoint remote = parse_endpoint(address, port);

	if (!connect(fd, (const struct sockaddr *)&remote.address, remote.length) || errno != EINPROGRESS)
		err(1, "the attempt did not stay pending");
}

static void give_up(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (connect(fd, &none, sizeof(none)))
		err(1, "connect to AF_UNSPEC");
}

static void end_step(void)
{
	puts("{}");
	await_line();
}

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (argc != 2)
		errx(1, "expected an address");
	if (fd < 0)
		err(1, "socket");
	alarm(120);
	setlinebuf(stdout);
	printf("{\"pid\":%d}\n", getpid());
	await_line();
	begin(fd, argv[1], "1");
	end_step();
	give_up(fd);
	end_step();
	begin(fd, argv[1], "2");
	end_step();
	return 0;
}

/*
 * Many pending connects without an answer, all left open. Meant for a network namespace in which packets to ADDRESS are
 * dropped.
 *
 *   many-pending COUNT ADDRESS PORT
 *
 * Prints a line when all are pending, and runs until stdin ends.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include "workload.h"

#define MAX_COUNT 16384 /* Fewer than there are local ports, and mostly fewer than the open files that a process may have */

static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		err(1, "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "RLIMIT_NOFILE");
}

static void start_connect(const struct endpoint *remote)
{
	int fd = socket(remote->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	if (!connect(fd, (const struct sockaddr *)&remote->address, remote->length))
		errx(1, "a connect was answered");
	if (errno != EINPROGRESS)
		err(1, "connect");
}

int main(int argc, char **argv)
{
	struct endpoint remote;
	long count;
	char byte;

	if (argc != 4)
		errx(1, "expected COUNT, ADDRESS and PORT");
	count = parse_number(argv[1], 1, MAX_COUNT);
	remote = parse_endpoint(argv[2], argv[3]);
	allow_files();
	alarm(600);
	for (long i = 0; i < count; i++)
		start_connect(&remote);
	printf("{\"pid\":%d,\"attempts\":%ld}\n", getpid(), count);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

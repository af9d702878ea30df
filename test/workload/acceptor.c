/*
 * Accepts every connection on a port and closes it. Runs until stdin ends.
 *
 *   acceptor ADDRESS PORT        `:: PORT` accepts IPv4 as well
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include "workload.h"

int main(int argc, char **argv)
{
	struct pollfd events[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	struct endpoint local;
	int listener;

	if (argc != 3)
		errx(1, "expected ADDRESS and PORT");
	local = parse_endpoint(argv[1], argv[2]);
	listener = listen_on(socket(local.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), &local);
	local = local_endpoint(listener);
	alarm(300);
	printf("{\"pid\":%d,\"port\":%d}\n", getpid(), port_of(&local));
	fflush(stdout);
	events[1].fd = listener;
	while (poll(events, 2, -1) > 0 && !events[0].revents) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			close(fd);
	}
	return 0;
}

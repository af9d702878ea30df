/*
 * A listener with a full backlog: it accepts nothing, and its queue is full before the first line is printed. From then
 * on the kernel drops every SYN that arrives. Runs until stdin ends.
 *
 *   full-backlog [ADDRESS]        an address of this host, 127.0.0.1 by default
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include "workload.h"

#define MAX_QUEUED 16
#define ANSWER_MS 200 /* Far less than the retransmit timeout, far more than loopback takes */

/* Returns whether the listener answered. The socket stays open: only accept() shortens the queue. */
static int connect_to(const struct endpoint *remote)
{
	int fd = socket(remote->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd event = { .fd = fd, .events = POLLOUT };

	if (fd < 0)
		err(1, "socket");
	if (!connect(fd, (const struct sockaddr *)&remote->address, remote->length))
		return 1;
	if (errno != EINPROGRESS)
		err(1, "connect");
	return poll(&event, 1, ANSWER_MS) > 0;
}

int main(int argc, char **argv)
{
	struct endpoint remote = parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1", "0");
	int listener = socket(remote.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), queued = 0;
	char byte;

	if (listener < 0 || bind(listener, (struct sockaddr *)&remote.address, remote.length) || listen(listener, 0))
		err(1, "listen");
	remote = local_endpoint(listener);
	while (queued < MAX_QUEUED && connect_to(&remote))
		queued++;
	if (queued == MAX_QUEUED)
		errx(1, "the queue takes more than %d connections", MAX_QUEUED);
	alarm(120);
	printf("{\"pid\":%d,\"port\":%d,\"queued\":%d}\n", getpid(), port_of(&remote), queued);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

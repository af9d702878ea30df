/*
 * One MPTCP connect over loopback to its own listener. The SYN leaves from the first subflow, a TCP socket that the
 * application never sees; the socket of the application has another protocol and changes state as well.
 */
#define _GNU_SOURCE
#include <linux/mptcp.h>
#include <stdbool.h>
#include <stdio.h>
#include "workload.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

int main(void)
{
	struct endpoint remote = parse_endpoint("127.0.0.1", "0"), local;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP), fd, accepted;
	struct mptcp_info info = { 0 };
	socklen_t length = sizeof(info);
	bool fallback;
	char byte = 0;

	alarm(30);
	listen_on(listener, &remote);
	remote = local_endpoint(listener);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	if (fd < 0)
		err(1, "socket IPPROTO_MPTCP");
	/* The handshake needs no accept(), so one thread is sufficient. */
	if (connect(fd, (struct sockaddr *)&remote.address, remote.length))
		err(1, "connect");
	local = local_endpoint(fd);
	accepted = accept(listener, NULL, NULL);
	/* Both sides have agreed on MPTCP only after data came back. */
	if (accepted < 0 || write(fd, &byte, 1) != 1 || read(accepted, &byte, 1) != 1 || write(accepted, &byte, 1) != 1 ||
	    read(fd, &byte, 1) != 1)
		err(1, "exchange a byte");
	if (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &length))
		err(1, "MPTCP_INFO");
	fallback = info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK;
	printf("{\"pid\":%d,\"remote_port\":%d,\"local_port\":%d,\"errno\":0,\"fallback\":%s}\n", getpid(), port_of(&remote),
	       port_of(&local), fallback ? "true" : "false");
	if (fallback)
		errx(1, "fell back to plain TCP");
	return 0;
}

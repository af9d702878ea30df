/*
 * A connect that fails with EADDRNOTAVAIL: in a network namespace of its own, with two local ports that are both in use
 * towards the same listener. The socket is in SYN_SENT when the search for a port fails; no SYN is sent.
 *
 *   no-free-port [ADDRESS]        an address of lo, 127.0.0.1 by default
 */
#define _GNU_SOURCE
#include <stdio.h>
#include "workload.h"

#define FREE_PORTS 2

int main(int argc, char **argv)
{
	struct endpoint remote = parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1", "30000");
	int connected = 0, failed = 0, error = 0;

	enter_own_netns();
	write_sysctl("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001");
	alarm(30);
	listen_on(socket(remote.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), &remote);
	/* Nothing is closed before the end, so the ports stay in use. */
	for (int i = 0; i < FREE_PORTS + 1; i++) {
		int fd = socket(remote.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			err(1, "socket");
		if (!connect(fd, (struct sockaddr *)&remote.address, remote.length)) {
			connected++;
			continue;
		}
		failed++;
		error = errno;
	}
	printf("{\"pid\":%d,\"remote_port\":%d,\"connected\":%d,\"failed\":%d,\"errno\":%d}\n", getpid(), port_of(&remote),
	       connected, failed, error);
	if (connected != FREE_PORTS || failed != 1 || error != EADDRNOTAVAIL)
		errx(1, "expected %d connects and then EADDRNOTAVAIL", FREE_PORTS);
	return 0;
}

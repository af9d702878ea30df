/*
 * TCP Fast Open, with both interfaces: sendto() with MSG_FASTOPEN, and TCP_FASTOPEN_CONNECT. With the latter and a known
 * cookie, connect() sends no SYN before the first write.
 *
 *   fastopen [--listen] [--abandon] [--rounds N] ADDRESS PORT
 *
 * --listen also runs the listener, in a network namespace of its own: the server side of Fast Open is off by default, and
 * its sysctl belongs to the namespace. The first round starts without a cookie, every later connect has one.
 * --abandon adds a TCP_FASTOPEN_CONNECT connect that is closed before the first write: with a cookie no SYN is sent.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include "workload.h"

enum way { BY_SENDTO, BY_WRITE, ABANDONED };

static const struct option options[] = {
	{ "listen", no_argument, NULL, 'l' }, { "abandon", no_argument, NULL, 'a' },
	{ "rounds", required_argument, NULL, 'r' }, { 0 },
};
static const char *const ways[] = { "MSG_FASTOPEN", "TCP_FASTOPEN_CONNECT", "abandoned" };
static struct endpoint remote;
static int listener, connected, with_data, attempts;

static void *accept_all(void *unused)
{
	char buffer[64];

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			err(1, "accept");
		while (read(fd, buffer, sizeof(buffer)) > 0)
			;
		close(fd);
	}
	return NULL;
}

static void start_listener(void)
{
	const int queue = 16;
	pthread_t thread;

	enter_own_netns();
	write_sysctl("/proc/sys/net/ipv4/tcp_fastopen", "3");
	listener = socket(remote.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)))
		err(1, "TCP_FASTOPEN");
	listen_on(listener, &remote);
	if (pthread_create(&thread, NULL, accept_all, NULL))
		errx(1, "pthread_create");
}

static int connect_by(int fd, enum way way)
{
	const struct sockaddr *address = (struct sockaddr *)&remote.address;
	const int on = 1;

	if (way == BY_SENDTO)
		return sendto(fd, "fast", 4, MSG_FASTOPEN | MSG_NOSIGNAL, address, remote.length) < 0 ? errno : 0;
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)))
		err(1, "TCP_FASTOPEN_CONNECT");
	if (connect(fd, address, remote.length))
		return errno;
	return way == BY_WRITE && send(fd, "open", 4, MSG_NOSIGNAL) < 0 ? errno : 0;
}

static void attempt(enum way way)
{
	int fd = socket(remote.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);
	struct endpoint local;
	char byte;

	if (fd < 0)
		err(1, "socket");
	error = connect_by(fd, way);
	if (error == EOPNOTSUPP)
		errx(1, "the client side of fast open is off: net.ipv4.tcp_fastopen");
	local = local_endpoint(fd);
	if (!error && way != ABANDONED) {
		/* A write returns before the SYN-ACK arrives; the end of the stream arrives after it. */
		shutdown(fd, SHUT_WR);
		error = recv(fd, &byte, 1, 0) < 0 ? errno : 0;
	}
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		err(1, "TCP_INFO");
	close(fd);
	connected += !error && way != ABANDONED;
	with_data += !!(info.tcpi_options & TCPI_OPT_SYN_DATA);
	printf("%s{\"how\":\"%s\",\"errno\":%d,\"local_port\":%d,\"syn_data_acked\":%s}", attempts++ ? "," : "", ways[way],
	       error, port_of(&local), info.tcpi_options & TCPI_OPT_SYN_DATA ? "true" : "false");
}

int main(int argc, char **argv)
{
	bool own_listener = false, abandon = false;
	long rounds = 1;

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'l': own_listener = true; break;
		case 'a': abandon = true; break;
		case 'r': rounds = parse_number(optarg, 1, 100); break;
		default: return 1;
		}
	}
	if (argc - optind != 2)
		errx(1, "expected ADDRESS and PORT");
	remote = parse_endpoint(argv[optind], argv[optind + 1]);
	if (own_listener)
		start_listener();
	alarm(300);
	printf("{\"pid\":%d,\"remote_port\":%d,\"connects\":[", getpid(), port_of(&remote));
	for (long i = 0; i < rounds; i++) {
		attempt(BY_SENDTO);
		attempt(BY_WRITE);
	}
	if (abandon)
		attempt(ABANDONED);
	printf("]}\n");
	if (own_listener && (connected != 2 * rounds || with_data != 2 * rounds - 1))
		errx(1, "%d of %ld connected, %d with data in the SYN", connected, 2 * rounds, with_data);
	return 0;
}

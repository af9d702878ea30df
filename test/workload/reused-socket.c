/*
 * Connects a socket again after it was used: values of the first use must not be attributed to the second attempt. Prints
 * the errno of the last connect().
 *
 *   reused-socket CASE SILENT     SILENT is an address that never answers; for a network namespace of its own
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include "workload.h"

static const char *silent;
static const char *const listener = "127.0.0.1", *const listener_port = "30000";

/* @returns 0 or the errno */
static int try_connect(int fd, const char *address, const char *port)
{
	struct endpoint remote = parse_endpoint(address, port);

	return connect(fd, (struct sockaddr *)&remote.address, remote.length) ? errno : 0;
}

static int new_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static void disconnect(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (connect(fd, &none, sizeof(none)))
		err(1, "connect to AF_UNSPEC");
}

static void wait_for_end(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

	if (poll(&poll_fd, 1, 5000) != 1)
		errx(1, "no end of a connect");
}

static void bind_port(int fd, const char *port)
{
	const int on = 1;
	struct endpoint local = parse_endpoint(listener, port);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&local.address, local.length))
		err(1, "bind");
}

/* Leaves an error on the socket that is never read. */
static int disconnected_socket(void)
{
	int fd = new_socket(SOCK_NONBLOCK);

	try_connect(fd, silent, "81");
	disconnect(fd);
	return fd;
}

static int refused_socket(void)
{
	int fd = new_socket(SOCK_NONBLOCK);

	try_connect(fd, listener, "1");
	wait_for_end(fd);
	disconnect(fd);
	return fd;
}

static void use_one_port(void)
{
	write_sysctl("/proc/sys/net/ipv4/ip_local_port_range", "50000 50000");
}

/* The only port is in use towards the same remote end. */
static int fail_without_port(int fd)
{
	int other = new_socket(0), error;

	try_connect(other, listener, listener_port);
	error = try_connect(fd, listener, listener_port);
	close(other);
	return error;
}

static int run(const char *name)
{
	int fd, other, error;

	if (!strcmp(name, "closed-after-disconnect")) {
		fd = disconnected_socket();
		return try_connect(fd, silent, "82");
	}
	if (!strcmp(name, "closed-after-refused")) {
		fd = refused_socket();
		return try_connect(fd, silent, "82");
	}
	if (!strcmp(name, "disconnected-after-refused")) {
		fd = refused_socket();
		error = try_connect(fd, silent, "82");
		disconnect(fd);
		return error;
	}
	if (!strcmp(name, "refused-after-refused")) {
		fd = refused_socket();
		try_connect(fd, listener, "1");
		wait_for_end(fd);
		return socket_error(fd);
	}
	if (!strcmp(name, "established-after-refused")) {
		fd = refused_socket();
		error = try_connect(fd, listener, listener_port);
		wait_for_end(fd);
		return error;
	}
	if (!strcmp(name, "pending-after-refused")) {
		fd = refused_socket();
		return try_connect(fd, silent, "82");
	}
	if (!strcmp(name, "no-port-after-disconnect")) {
		use_one_port();
		return fail_without_port(disconnected_socket());
	}
	if (!strcmp(name, "no-port-after-established")) {
		use_one_port();
		fd = new_socket(0);
		try_connect(fd, listener, listener_port);
		disconnect(fd);
		return fail_without_port(fd);
	}
	if (!strcmp(name, "no-port-after-refused")) {
		use_one_port();
		fd = new_socket(0);
		try_connect(fd, listener, "1");
		return fail_without_port(fd);
	}
	if (!strcmp(name, "no-port-for-bound")) {
		other = new_socket(0);
		fd = new_socket(0);
		bind_port(other, "45678");
		bind_port(fd, "45678");
		try_connect(other, listener, listener_port);
		try_connect(fd, listener, "1");
		return try_connect(fd, listener, listener_port);
	}
	errx(1, "%s: no such case", name);
}

int main(int argc, char **argv)
{
	struct endpoint remote = parse_endpoint(listener, listener_port);

	if (argc != 3)
		errx(1, "usage: reused-socket CASE SILENT");
	silent = argv[2];
	alarm(30);
	listen_on(new_socket(0), &remote);
	printf("{\"pid\":%d,\"errno\":%d}\n", getpid(), run(argv[1]));
	fflush(stdout);
	if (!strncmp(argv[1], "pending", 7))
		pause();
	return 0;
}

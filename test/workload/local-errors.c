/*
 * Calls connect(2) so that it fails before a SYN, and in other ways, one call after the other. Run it in a network
 * namespace with only lo, and with a route that prohibits 192.0.2.0/24.
 *
 * Prints an array of { name, pid, errno, local_port } in the order of the calls. Names of the other ways begin with '-'.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/un.h>
#include "workload.h"

static const char *separator = "[";

static int tcp_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

/* A call of connect(2), and its result. */
static void call(const char *name, int fd, const void *address, socklen_t length)
{
	int error = connect(fd, address, length) ? errno : 0;
	struct endpoint local = { .length = sizeof(local.address) };

	if (getsockname(fd, (struct sockaddr *)&local.address, &local.length))
		memset(&local, 0, sizeof(local));
	printf("%s{\"name\":\"%s\",\"pid\":%d,\"errno\":%d,\"local_port\":%d}", separator, name, getpid(), error,
	       local.address.ss_family == AF_UNIX ? 0 : port_of(&local));
	separator = ",";
}

static void call_endpoint(const char *name, int fd, const char *address, const char *port)
{
	struct endpoint endpoint = parse_endpoint(address, port);

	call(name, fd, &endpoint.address, endpoint.length);
}

static void fail_locally(void)
{
	struct endpoint loopback = parse_endpoint("127.0.0.1", "0"), remote = parse_endpoint("198.51.100.1", "1007");
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/nowhere" };
	int bound = tcp_socket(AF_INET);

	call_endpoint("no route", tcp_socket(AF_INET), "198.51.100.1", "1001");
	call_endpoint("no route 6", tcp_socket(AF_INET6), "2001:db8::1", "1002");
	call_endpoint("no route mapped", tcp_socket(AF_INET6), "::ffff:198.51.100.1", "1003");
	call_endpoint("prohibited", tcp_socket(AF_INET), "192.0.2.1", "1004");
	call_endpoint("family 6 on 4", tcp_socket(AF_INET), "2001:db8::1", "1005");
	call_endpoint("family 4 on 6", tcp_socket(AF_INET6), "198.51.100.1", "1006");
	if (bind(bound, (struct sockaddr *)&loopback.address, loopback.length))
		err(1, "bind");
	call("bound", bound, &remote.address, remote.length);
	call("bad pointer", tcp_socket(AF_INET), (void *)8, sizeof(struct sockaddr_in));
	call("bad pointer 6", tcp_socket(AF_INET6), (void *)8, sizeof(struct sockaddr_in6));
	call("short", tcp_socket(AF_INET), &remote.address, 8);
	call("negative length", tcp_socket(AF_INET), &remote.address, -1);
	call("path", tcp_socket(AF_INET), &path, sizeof(path));
}

static void do_something_else(void)
{
	struct endpoint loopback = parse_endpoint("127.0.0.1", "0"), remote = parse_endpoint("127.0.0.1", "2001");
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/nowhere" };
	struct sockaddr unspecified = { .sa_family = AF_UNSPEC };
	int later = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int listener = listen_on(tcp_socket(AF_INET), &loopback), connected = tcp_socket(AF_INET);
	int waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct endpoint listening = local_endpoint(listener);

	call_endpoint("-udp", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "198.51.100.1", "2000");
	call("-unix", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), &path, sizeof(path));
	call("-no socket", open("/dev/null", O_RDWR | O_CLOEXEC), &remote.address, remote.length);
	call("-no descriptor", 1 << 20, &remote.address, remote.length);
	call("-minus one", -1, &remote.address, remote.length);
	call("-in progress", later, &remote.address, remote.length);
	call("-fetched", later, &remote.address, remote.length);
	call("-connected", connected, &listening.address, listening.length);
	call("-twice", connected, &listening.address, listening.length);
	call("-listener", listener, &listening.address, listening.length);
	/* The backlog has room for one connection: the next SYN gets no answer. */
	if (listen(listener, 0))
		err(1, "listen");
	call("-waiting", waiting, &listening.address, listening.length);
	call("-already", waiting, &listening.address, listening.length);
	call("-unspecified", tcp_socket(AF_INET), &unspecified, sizeof(unspecified));
	call_endpoint("-refused", tcp_socket(AF_INET), "127.0.0.1", "2002");
}

int main(void)
{
	alarm(30);
	fail_locally();
	do_something_else();
	printf("]\n");
	return 0;
}

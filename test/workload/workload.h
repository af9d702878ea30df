/* Functions that workloads share: numbers, numeric addresses, and network namespaces. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct endpoint {
	struct sockaddr_storage address;
	socklen_t length;
};

static inline long parse_number(const char *text, long min, long max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end || value < min || value > max)
		errx(1, "%s: expected a number from %ld to %ld", text, min, max);
	return value;
}

/* ::ffff:127.0.0.1 stays AF_INET6, fe80::1%lo has its scope. */
static inline struct endpoint parse_endpoint(const char *address, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct endpoint endpoint = { 0 };
	struct addrinfo *found;
	int code;

	parse_number(port, 0, 65535); /* getaddrinfo() truncates larger ones to 16 bits */
	code = getaddrinfo(address, port, &hints, &found);
	if (code)
		errx(1, "%s: %s", address, gai_strerror(code));
	memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
	endpoint.length = found->ai_addrlen;
	freeaddrinfo(found);
	return endpoint;
}

/* Ends the workload when stdin ends. */
static inline void await_line(void)
{
	char byte;

	do {
		if (read(STDIN_FILENO, &byte, 1) != 1)
			exit(0);
	} while (byte != '\n');
}

static inline int port_of(const struct endpoint *endpoint)
{
	/* sin_port and sin6_port have the same offset. */
	return ntohs(((const struct sockaddr_in *)&endpoint->address)->sin_port);
}

static inline struct endpoint local_endpoint(int fd)
{
	struct endpoint endpoint = { .length = sizeof(endpoint.address) };

	if (getsockname(fd, (struct sockaddr *)&endpoint.address, &endpoint.length))
		err(1, "getsockname");
	return endpoint;
}

static inline int socket_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length))
		err(1, "getsockopt SO_ERROR");
	return error;
}

static inline long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void set_up(const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request))
		err(1, "flags of %s", interface);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		err(1, "bring %s up", interface);
	close(fd);
}

/* Only this thread and the threads it starts later are in the new namespace, which ends with them. */
static inline void enter_own_netns(void)
{
	if (unshare(CLONE_NEWNET))
		err(1, "unshare CLONE_NEWNET");
	set_up("lo");
}

static inline void write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(1, "%s", path);
	close(fd);
}

static inline int listen_on(int fd, const struct endpoint *endpoint)
{
	const int on = 1;

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&endpoint->address, endpoint->length) || listen(fd, SOMAXCONN))
		err(1, "listen on port %d", port_of(endpoint));
	return fd;
}

#endif

/*
 * Attempts that stay pending until a line on stdin, and then end in different ways. While an attempt begins, the thread
 * has the attempt's name, so that each attempt has a process of its own.
 *
 *   missed-ends SILENT VANISHING      SILENT never answers. VANISHING neither, and becomes unreachable before the end.
 *
 * Prints a line of JSON after each step, and waits for a line on stdin before the next:
 *   listening      {"pid":…}
 *   begun          {"NAME":{"local_port":…,"remote_port":…},…}
 *   ended          {"NAME":ERRNO,…}, without `open`, which is established, and `pending`
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include "workload.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* The target of an attempt. */
enum target {
	TO_SILENT,
	TO_VANISHING,
	TO_CLOSING, /* A full listener that is closed: the next SYN is refused */
	TO_WIDENED, /* A full listener that is emptied: the next SYN is answered */
};

struct attempt {
	const char *name;
	enum target target;
	void (*end)(struct attempt *attempt);
	int fd, peer; /* `peer`: the accepted socket, -1 without one */
	int error;
};

struct listener {
	int fd, filler;
	struct endpoint endpoint;
};

static struct listener closing, widened;
static struct endpoint silent, vanishing;

static void await(int fd, short events)
{
	struct pollfd waiting = { .fd = fd, .events = events };

	if (poll(&waiting, 1, -1) != 1)
		err(1, "poll");
}

static void reset_on_close(int fd)
{
	const struct linger reset = { 1, 0 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		err(1, "SO_LINGER");
}

static void disconnect(int fd)
{
	const struct sockaddr unspecified = { .sa_family = AF_UNSPEC };

	if (connect(fd, &unspecified, sizeof(unspecified)))
		err(1, "connect to AF_UNSPEC");
}

/* With a backlog of 0 there is room for one connection, as soon as it is in the queue. */
static struct listener fill_listener(void)
{
	struct listener full = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
				 .filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	full.endpoint = parse_endpoint("127.0.0.1", "0");
	if (full.fd < 0 || bind(full.fd, (struct sockaddr *)&full.endpoint.address, full.endpoint.length) || listen(full.fd, 0))
		err(1, "listen");
	full.endpoint = local_endpoint(full.fd);
	if (full.filler < 0 || connect(full.filler, (struct sockaddr *)&full.endpoint.address, full.endpoint.length))
		err(1, "fill a listener");
	await(full.fd, POLLIN);
	return full;
}

static void await_error(struct attempt *attempt)
{
	await(attempt->fd, POLLERR);
	attempt->error = socket_error(attempt->fd);
	close(attempt->fd);
}

/* The next retransmit is the last one. */
static void time_out(struct attempt *attempt)
{
	const unsigned int timeout_ms = 1;

	if (setsockopt(attempt->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms)))
		err(1, "TCP_USER_TIMEOUT");
	await_error(attempt);
}

static void cancel(struct attempt *attempt)
{
	close(attempt->fd);
}

static void disconnect_and_close(struct attempt *attempt)
{
	disconnect(attempt->fd);
	close(attempt->fd);
	close(attempt->peer);
}

static void shut_down(struct attempt *attempt)
{
	shutdown(attempt->fd, SHUT_RDWR);
	close(attempt->fd);
}

static void close_first(struct attempt *attempt)
{
	close(attempt->fd);
	close(attempt->peer);
}

static void close_last(struct attempt *attempt)
{
	close(attempt->peer);
	await(attempt->fd, POLLIN);
	close(attempt->fd);
}

static void send_reset(struct attempt *attempt)
{
	reset_on_close(attempt->fd);
	close_first(attempt);
}

static void receive_reset(struct attempt *attempt)
{
	reset_on_close(attempt->peer);
	close(attempt->peer);
	await(attempt->fd, POLLERR);
	close(attempt->fd);
}

static uint32_t sum(const void *data, size_t length)
{
	const unsigned char *byte = data;
	uint32_t total = 0;

	for (size_t i = 0; i < length; i++)
		total += i % 2 ? byte[i] : byte[i] << 8;
	return total;
}

/* Sends a segment to a socket with SILENT as its source. */
static void forge(int fd, uint32_t sequence, int is_reset)
{
	const int on = 1;
	struct endpoint from = silent, to = local_endpoint(fd);
	struct sockaddr_in *remote = (struct sockaddr_in *)&from.address, *local = (struct sockaddr_in *)&to.address;
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	struct tcphdr tcp = { .seq = htonl(sequence), .doff = 5, .window = htons(65535), .syn = !is_reset, .rst = is_reset };
	uint32_t total;

	tcp.source = remote->sin_port;
	tcp.dest = local->sin_port;
	total = sum(&remote->sin_addr, 4) + sum(&local->sin_addr, 4) + IPPROTO_TCP + sizeof(tcp) + sum(&tcp, sizeof(tcp));
	total = (total >> 16) + (total & 0xffff);
	tcp.check = htons((uint16_t)~(total + (total >> 16)));
	remote->sin_port = local->sin_port = 0;
	if (raw < 0 || setsockopt(raw, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) ||
	    bind(raw, (struct sockaddr *)remote, from.length) ||
	    sendto(raw, &tcp, sizeof(tcp), 0, (struct sockaddr *)local, to.length) != sizeof(tcp))
		err(1, "forge a segment");
	close(raw);
}

/* A simultaneous open, followed by a reset. */
static void cross_and_reset(struct attempt *attempt)
{
	forge(attempt->fd, 1000, 0);
	forge(attempt->fd, 1001, 1);
	await_error(attempt);
}

static struct attempt attempts[] = {
	{ .name = "refused", .target = TO_CLOSING, .end = await_error },
	{ .name = "timed-out", .target = TO_SILENT, .end = time_out },
	{ .name = "unreachable", .target = TO_VANISHING, .end = await_error },
	{ .name = "cancelled", .target = TO_SILENT, .end = cancel },
	{ .name = "disconnected", .target = TO_SILENT, .end = disconnect_and_close },
	{ .name = "shut-down", .target = TO_SILENT, .end = shut_down },
	{ .name = "crossed", .target = TO_SILENT, .end = cross_and_reset },
	{ .name = "pending", .target = TO_SILENT },
	{ .name = "closed-first", .target = TO_WIDENED, .end = close_first },
	{ .name = "closed-last", .target = TO_WIDENED, .end = close_last },
	{ .name = "sent-reset", .target = TO_WIDENED, .end = send_reset },
	{ .name = "received-reset", .target = TO_WIDENED, .end = receive_reset },
	{ .name = "unconnected", .target = TO_WIDENED, .end = disconnect_and_close },
	{ .name = "open", .target = TO_WIDENED },
};

static void begin(struct attempt *attempt, const struct endpoint *remote)
{
	attempt->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	attempt->peer = -1;
	prctl(PR_SET_NAME, attempt->name);
	if (attempt->fd < 0 || !connect(attempt->fd, (const struct sockaddr *)&remote->address, remote->length) ||
	    errno != EINPROGRESS)
		err(1, "%s did not stay pending", attempt->name);
}

static void begin_all(void)
{
	const struct endpoint *remotes[] = { &silent, &vanishing, &closing.endpoint, &widened.endpoint };

	for (size_t i = 0; i < LENGTH(attempts); i++) {
		const struct endpoint *remote = remotes[attempts[i].target];
		struct endpoint local;

		begin(&attempts[i], remote);
		local = local_endpoint(attempts[i].fd);
		printf("%s\"%s\":{\"local_port\":%d,\"remote_port\":%d}", i ? "," : "{", attempts[i].name, port_of(&local),
		       port_of(remote));
	}
	puts("}");
}

static void accept_one(void)
{
	struct endpoint remote = { .length = sizeof(remote.address) };
	int fd = accept4(widened.fd, (struct sockaddr *)&remote.address, &remote.length, SOCK_CLOEXEC);

	if (fd < 0)
		err(1, "accept");
	for (size_t i = 0; i < LENGTH(attempts); i++) {
		struct endpoint local = local_endpoint(attempts[i].fd);

		if (attempts[i].target == TO_WIDENED && port_of(&local) == port_of(&remote))
			attempts[i].peer = fd;
	}
}

/* Waits until the retransmitted SYN of each attempt is answered. */
static void establish_all(void)
{
	if (listen(widened.fd, SOMAXCONN))
		err(1, "listen");
	accept_one(); /* The filler */
	for (size_t i = 0; i < LENGTH(attempts); i++) {
		if (attempts[i].target == TO_WIDENED) {
			await(attempts[i].fd, POLLOUT);
			accept_one();
		}
	}
}

static void end_all(void)
{
	close(closing.fd);
	establish_all();
	for (size_t i = 0; i < LENGTH(attempts); i++) {
		if (attempts[i].end)
			attempts[i].end(&attempts[i]);
		printf("%s\"%s\":%d", i ? "," : "{", attempts[i].name, attempts[i].error);
	}
	puts("}");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(1, "expected two addresses");
	silent = parse_endpoint(argv[1], "80");
	vanishing = parse_endpoint(argv[2], "80");
	alarm(120);
	setlinebuf(stdout);
	closing = fill_listener();
	widened = fill_listener();
	printf("{\"pid\":%d}\n", getpid());
	await_line();
	begin_all();
	await_line();
	end_all();
	await_line();
	return 0;
}

/*
 * Connects over loopback as fast as one host can, to see what recording every connect costs and whether it keeps up.
 *
 *   loadgen [--mode reset|close|refused] [--threads N] [--count N | --seconds S] [--port P] [--address A]
 *
 * attempts counts every connect() once, so it equals the growth of TcpActiveOpens in an otherwise quiet namespace.
 *
 * The connecting threads empty the listener's queue themselves, between two connects: handshakes over loopback run in
 * the connecting thread, so a separate acceptor would only add wake-ups, or throttle when it is not scheduled.
 *
 * Ports never run out, so one address is enough: `reset` frees its port at once, `refused` never holds one, and in
 * `close` the accepting side answers the FIN by RST, which leaves next to nothing in TIME_WAIT.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 64
#define MAX_SECONDS 600
#define BATCH 32 /* MAX_THREADS * BATCH unaccepted connections fit into somaxconn, 4096 by default */
#define STEPS 64 /* histogram buckets per power of two: a latency is off by 1.6 % at most */
#define BUCKETS (STEPS * 60)

enum { MODE_RESET, MODE_CLOSE, MODE_REFUSED };

struct worker {
	pthread_t thread;
	uint64_t quota, attempts, errors, first_ns, last_ns;
	uint32_t histogram[BUCKETS];
};

static const char *const modes[] = { "reset", "close", "refused", NULL };
static const struct linger reset_on_close = { 1, 0 }, no_linger = { 0, 0 };
static const struct option options[] = {
	{ "mode", required_argument, NULL, 'm' }, { "threads", required_argument, NULL, 't' },
	{ "count", required_argument, NULL, 'c' }, { "seconds", required_argument, NULL, 's' },
	{ "port", required_argument, NULL, 'p' }, { "address", required_argument, NULL, 'a' }, { 0 },
};
static int mode = MODE_RESET, listener;
static uint64_t limit_ns;
static struct sockaddr_storage address;
static socklen_t address_length = sizeof(address);
static pthread_barrier_t start;
static struct worker workers[MAX_THREADS];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift = ns < 2 * STEPS ? 0 : 57 - __builtin_clzll(ns);

	return shift * STEPS + (ns >> shift);
}

static uint64_t percentile(unsigned int threads, uint64_t attempts, unsigned int percent)
{
	uint64_t wanted = (attempts * percent + 99) / 100, seen = 0;

	for (uint64_t bucket = 0; attempts && bucket < BUCKETS; bucket++) {
		for (unsigned int i = 0; i < threads; i++)
			seen += workers[i].histogram[bucket];
		if (seen >= wanted) {
			unsigned int shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;

			return (bucket - shift * STEPS) << shift;
		}
	}
	return 0;
}

/* Without listen() the port answers by RST, and while it is bound no connect gets it as its own port by chance. */
static void open_port(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	const int on = 1;
	int code = getaddrinfo(host, port, &hints, &found);

	if (code)
		errx(1, "%s port %s: %s", host, port, gai_strerror(code));
	listener = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0)
		err(1, "socket");
	/* An earlier run may have left a TIME_WAIT there. */
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (mode == MODE_CLOSE) /* accepted sockets inherit it */
		setsockopt(listener, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof(reset_on_close));
	if (bind(listener, found->ai_addr, found->ai_addrlen) || (mode != MODE_REFUSED && listen(listener, SOMAXCONN)))
		err(1, "%s port %s", host, port);
	freeaddrinfo(found);
	if (getsockname(listener, (struct sockaddr *)&address, &address_length))
		err(1, "getsockname");
}

static void drain_listener(void)
{
	char byte;
	int fd;

	for (int i = 0; i < MAX_THREADS * BATCH && (fd = accept(listener, NULL, NULL)) >= 0; i++) {
		/* A connection of another thread may not be closed yet: a reset now could fail its connect(). */
		if (mode == MODE_CLOSE && recv(fd, &byte, 1, MSG_DONTWAIT))
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof(no_linger));
		close(fd);
	}
}

static void *run_worker(void *argument)
{
	struct worker *worker = argument;
	const int expected = mode == MODE_REFUSED ? ECONNREFUSED : 0;

	pthread_barrier_wait(&start);
	worker->first_ns = worker->last_ns = now_ns();
	while (worker->attempts < worker->quota && worker->last_ns - worker->first_ns < limit_ns) {
		int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		uint64_t before;

		if (fd < 0)
			err(1, "socket");
		if (mode == MODE_RESET)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof(reset_on_close));
		before = now_ns();
		if ((connect(fd, (struct sockaddr *)&address, address_length) ? errno : 0) != expected)
			worker->errors++;
		worker->last_ns = now_ns();
		worker->histogram[bucket_of(worker->last_ns - before)]++;
		close(fd);
		if (++worker->attempts % BATCH == 0 && mode != MODE_REFUSED)
			drain_listener();
	}
	return NULL;
}

static uint64_t parse_number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < min || value > max)
		errx(1, "%s: expected a number from %llu to %llu", text, (unsigned long long)min, (unsigned long long)max);
	return value;
}

int main(int argc, char **argv)
{
	uint64_t count = 0, seconds = 0, attempts = 0, errors = 0, first_ns = UINT64_MAX, last_ns = 0;
	const char *host = "127.0.0.1", *port = "0";
	unsigned int threads = 1;
	double elapsed;

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'm':
			for (mode = 0; modes[mode] && strcmp(modes[mode], optarg); mode++)
				;
			if (!modes[mode])
				errx(1, "--mode %s: expected reset, close or refused", optarg);
			break;
		case 't': threads = parse_number(optarg, 1, MAX_THREADS); break;
		case 'c': count = parse_number(optarg, 1, 1000000000); break;
		case 's': seconds = parse_number(optarg, 1, MAX_SECONDS); break;
		case 'p':
			parse_number(optarg, 0, 65535); /* getaddrinfo() cuts larger ones to 16 bits */
			port = optarg;
			break;
		case 'a': host = optarg; break;
		default: return 1;
		}
	}
	if (!seconds)
		seconds = count ? MAX_SECONDS : 10;
	limit_ns = seconds * 1000000000;
	alarm(seconds + 150); /* a connect whose SYN is dropped is over after 127 seconds */
	open_port(host, port);
	pthread_barrier_init(&start, NULL, threads);
	for (unsigned int i = 0; i < threads; i++) {
		workers[i].quota = count ? count / threads + (i < count % threads) : UINT64_MAX;
		if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]))
			errx(1, "pthread_create");
	}
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		attempts += workers[i].attempts;
		errors += workers[i].errors;
		first_ns = workers[i].first_ns < first_ns ? workers[i].first_ns : first_ns;
		last_ns = workers[i].last_ns > last_ns ? workers[i].last_ns : last_ns;
	}
	elapsed = (double)(last_ns - first_ns) / 1e9;
	printf("attempts=%llu seconds=%.3f rate=%.0f p50_ns=%llu p99_ns=%llu errors=%llu\n", (unsigned long long)attempts,
	       elapsed, elapsed > 0 ? (double)attempts / elapsed : 0, (unsigned long long)percentile(threads, attempts, 50),
	       (unsigned long long)percentile(threads, attempts, 99), (unsigned long long)errors);
	return 0;
}

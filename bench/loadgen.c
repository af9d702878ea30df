/*
 * Connects over loopback at the maximum rate, to measure the cost of recording every connect, and whether the recorder keeps
 * up.
 *
 *   loadgen [--mode reset|close|refused] [--threads N] [--count N | --seconds S] [--port P] [--address A | --endpoints N]
 *           [--rate PER_SECOND]
 *
 * attempts counts every connect() once, so it equals the growth of TcpActiveOpens in an otherwise quiet namespace.
 * cpu_ns is per attempt. It includes the kernel's work for a connect over loopback, and that of a probe.
 *
 * The connecting threads empty the listener's queue themselves, between two connects: handshakes over loopback run in
 * the connecting thread, so a separate acceptor would only add wake-ups, or throttle when it is not scheduled.
 *
 * Ports never run out, so one address is sufficient: `reset` frees its port at once, `refused` never holds one, and in
 * `close` the accepting side answers the FIN with RST, which leaves almost nothing in TIME_WAIT.
 *
 * With --endpoints the connects go to N addresses from 127.1.0.0 on, in turn.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "latency_histogram.h"
#include "loadgen_options.h"

#define BATCH 32 /* MAX_THREADS * BATCH unaccepted connections fit into somaxconn, 4096 by default */
#define FIRST_ENDPOINT 0x7f010000 /* 127.1.0.0 */

struct worker {
	pthread_t thread;
	unsigned int index;
	uint64_t quota, attempts, errors, first_ns, last_ns;
	uint32_t histogram[BUCKETS];
};

static const struct linger reset_on_close = { 1, 0 }, no_linger = { 0, 0 };
static int listener;
static uint64_t limit_ns;
static struct sockaddr_storage address;
static socklen_t address_length = sizeof(address);
static pthread_barrier_t start;
static struct worker workers[MAX_THREADS];

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t percentile(uint64_t attempts, unsigned int percent)
{
	uint64_t wanted = (attempts * percent + 99) / 100, seen = 0;

	for (uint64_t bucket = 0; attempts && bucket < BUCKETS; bucket++) {
		for (unsigned int i = 0; i < threads; i++)
			seen += workers[i].histogram[bucket];
		if (seen >= wanted)
			return bucket_start(bucket);
	}
	return 0;
}

/* Without listen() the port answers with RST. While it is bound, no connect gets it as its local port by chance. */
static void open_port(void)
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
	/* An earlier run may have left a TIME_WAIT on this port. */
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (mode == MODE_CLOSE) /* Accepted sockets inherit it */
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
		/* A connection of another thread may still be open: a reset now could make its connect() fail. */
		if (mode == MODE_CLOSE && recv(fd, &byte, 1, MSG_DONTWAIT))
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof(no_linger));
		close(fd);
	}
}

static void choose_endpoint(struct sockaddr_storage *to, const struct worker *worker)
{
	uint64_t number = worker->attempts * threads + worker->index;

	((struct sockaddr_in *)to)->sin_addr.s_addr = htonl(FIRST_ENDPOINT + number % endpoints);
}

/*
 * Sleeps until the next burst is due. A burst is a millisecond's worth of connects, since a sleep costs more than a
 * connect.
 */
static void keep_rate(const struct worker *worker)
{
	uint64_t burst = rate / threads / 1000, due_ns;
	struct timespec due;

	if (burst > 1 && worker->attempts % burst)
		return;
	due_ns = worker->first_ns + (uint64_t)((double)worker->attempts * 1e9 * threads / (double)rate);
	due.tv_sec = due_ns / 1000000000;
	due.tv_nsec = due_ns % 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static void *run_worker(void *argument)
{
	struct worker *worker = argument;
	struct sockaddr_storage to = address;
	const int expected = mode == MODE_REFUSED ? ECONNREFUSED : 0;

	pthread_barrier_wait(&start);
	worker->first_ns = worker->last_ns = clock_ns(CLOCK_MONOTONIC);
	while (worker->attempts < worker->quota && worker->last_ns - worker->first_ns < limit_ns) {
		int fd;
		uint64_t before;

		if (rate)
			keep_rate(worker);
		if (endpoints)
			choose_endpoint(&to, worker);
		fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			err(1, "socket");
		if (mode == MODE_RESET)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof(reset_on_close));
		before = clock_ns(CLOCK_MONOTONIC);
		if ((connect(fd, (struct sockaddr *)&to, address_length) ? errno : 0) != expected)
			worker->errors++;
		worker->last_ns = clock_ns(CLOCK_MONOTONIC);
		worker->histogram[bucket_of(worker->last_ns - before)]++;
		close(fd);
		if (++worker->attempts % BATCH == 0 && mode != MODE_REFUSED)
			drain_listener();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	uint64_t attempts = 0, errors = 0, first_ns = UINT64_MAX, last_ns = 0;
	double elapsed;

	parse_options(argc, argv);
	limit_ns = seconds * 1000000000;
	alarm(seconds + 150); /* A connect whose SYN is dropped ends after 127 seconds */
	open_port();
	pthread_barrier_init(&start, NULL, threads);
	for (unsigned int i = 0; i < threads; i++) {
		workers[i].index = i;
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
	printf("attempts=%llu seconds=%.3f rate=%.0f cpu_ns=%llu p50_ns=%llu p99_ns=%llu errors=%llu\n",
	       (unsigned long long)attempts, elapsed, elapsed > 0 ? (double)attempts / elapsed : 0,
	       (unsigned long long)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) / (attempts ? attempts : 1)),
	       (unsigned long long)percentile(attempts, 50), (unsigned long long)percentile(attempts, 99),
	       (unsigned long long)errors);
	return 0;
}

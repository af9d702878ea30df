/*
 * Connects, with the options that tests need.
 *
 *   connect ADDRESS PORT [--count N] [--threads N] [--nonblock] [--close-after MS] [--bind-address A] [--bind-port P]
 *           [--comm-hex HEX] [--hold MS] [--user-timeout MS]
 *
 * --count is per thread. Without --threads the main thread connects; with it, threads named worker-0, worker-1, ... do.
 * --nonblock waits for --close-after ms (5000) and then closes the socket; errno 115 counts the cancelled attempts.
 * Exits with 0 if every attempt was made, whatever its result.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include "workload.h"

#define MAX_THREADS 1000
#define MAX_MS 600000

static const struct option options[] = {
	{ "count", required_argument, NULL, 'c' }, { "threads", required_argument, NULL, 't' },
	{ "nonblock", no_argument, NULL, 'n' }, { "close-after", required_argument, NULL, 'a' },
	{ "bind-address", required_argument, NULL, 'b' }, { "bind-port", required_argument, NULL, 'p' },
	{ "comm-hex", required_argument, NULL, 'x' }, { "hold", required_argument, NULL, 'h' },
	{ "user-timeout", required_argument, NULL, 'u' }, { 0 },
};
static struct endpoint remote, bound;
static long count = 1, threads, close_after_ms = 5000, hold_ms, user_timeout_ms, started_ms;
static bool nonblock;
static char comm[16];
static atomic_int local_port, results[256];

static void parse_comm(const char *hex)
{
	size_t length = strlen(hex) / 2;

	if (strlen(hex) % 2 || length < 1 || length > 15 || strspn(hex, "0123456789abcdefABCDEF") != strlen(hex))
		errx(1, "--comm-hex %s: expected 1 to 15 bytes in hexadecimal", hex);
	for (size_t i = 0; i < length; i++)
		comm[i] = (char)strtol((char[]){ hex[2 * i], hex[2 * i + 1], 0 }, NULL, 16);
}

static int open_socket(void)
{
	int fd = socket(remote.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | (nonblock ? SOCK_NONBLOCK : 0), 0);
	unsigned int timeout = user_timeout_ms;
	const int on = 1;

	if (fd < 0)
		err(1, "socket");
	if (timeout && setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout)))
		err(1, "TCP_USER_TIMEOUT");
	if (bound.length) {
		/* The port of the previous attempt may still be in TIME_WAIT. */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (bind(fd, (struct sockaddr *)&bound.address, bound.length))
			err(1, "bind");
	}
	return fd;
}

static void attempt(void)
{
	int fd = open_socket(), error = 0;

	if (connect(fd, (struct sockaddr *)&remote.address, remote.length))
		error = errno;
	if (error == EINPROGRESS) {
		struct pollfd event = { .fd = fd, .events = POLLOUT };

		if (poll(&event, 1, (int)close_after_ms) > 0)
			error = socket_error(fd);
	}
	if (!error) {
		struct endpoint local = local_endpoint(fd);

		local_port = port_of(&local);
	}
	results[error & 255]++;
	if (hold_ms)
		poll(NULL, 0, (int)hold_ms);
	close(fd);
}

static void *run_thread(void *index)
{
	char name[16];

	snprintf(name, sizeof(name), "worker-%ld", (long)index);
	if (threads && !*comm)
		prctl(PR_SET_NAME, name);
	else if (*comm)
		prctl(PR_SET_NAME, comm);
	for (long i = 0; i < count; i++)
		attempt();
	return NULL;
}

static void print_results(void)
{
	const char *separator = "";

	printf("{\"pid\":%d,\"attempts\":%ld,\"connected\":%d,\"local_port\":%d,\"elapsed_ms\":%ld,\"errnos\":{", getpid(),
	       count * (threads ? threads : 1), results[0], local_port, now_ms() - started_ms);
	for (int error = 1; error < 256; error++) {
		if (!results[error])
			continue;
		printf("%s\"%d\":%d", separator, error, results[error]);
		separator = ",";
	}
	printf("}}\n");
}

int main(int argc, char **argv)
{
	const char *bind_address = NULL, *bind_port = NULL;
	pthread_t ids[MAX_THREADS];

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'c': count = parse_number(optarg, 1, 1000000); break;
		case 't': threads = parse_number(optarg, 1, MAX_THREADS); break;
		case 'n': nonblock = true; break;
		case 'a': close_after_ms = parse_number(optarg, 0, MAX_MS); break;
		case 'b': bind_address = optarg; break;
		case 'p': bind_port = optarg; break;
		case 'x': parse_comm(optarg); break;
		case 'h': hold_ms = parse_number(optarg, 0, MAX_MS); break;
		case 'u': user_timeout_ms = parse_number(optarg, 1, MAX_MS); break;
		default: return 1;
		}
	}
	if (argc - optind != 2)
		errx(1, "expected ADDRESS and PORT");
	remote = parse_endpoint(argv[optind], argv[optind + 1]);
	if (bind_address || bind_port) {
		const char *any = remote.address.ss_family == AF_INET ? "0.0.0.0" : "::";

		bound = parse_endpoint(bind_address ? bind_address : any, bind_port ? bind_port : "0");
	}
	started_ms = now_ms();
	if (!threads)
		run_thread(NULL);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, run_thread, (void *)i))
			errx(1, "pthread_create");
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	print_results();
	return 0;
}

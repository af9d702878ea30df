/*
 * One thread that has another name in every attempt. All names have the same slot in the probe's table of processes. Each
 * attempt therefore replaces the process of the previous one, which is still pending.
 *
 *   many-names SILENT ATTEMPTS OPEN
 *
 * SILENT never answers. An attempt ends after OPEN others have begun. Prints { pid, names, attempts }: name i connects to
 * port 10000 + i. The probe sends a process for every attempt: a pause after each OPEN attempts gives the recorder time to
 * empty its ring.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "workload.h"

#define FIRST_PORT 10000
#define NAMES 2000
#define MAX_OPEN 8000
#define PAUSE_US 200000

static char names[NAMES][16];
static int fds[MAX_OPEN];

/* Same as place_of in bpf/processes.h */
static unsigned int place_of(const char *name)
{
	uint64_t comm[2];

	memcpy(comm, name, sizeof(comm));
	return ((comm[0] ^ comm[1] * 31 ^ (uint32_t)getpid()) * 0x9e3779b97f4a7c15ull) >> 56;
}

static void find_names(void)
{
	for (int found = 0, i = 0; found < NAMES; i++) {
		memset(names[found], 0, sizeof(names[found]));
		snprintf(names[found], sizeof(names[found]), "name-%x", i);
		if (place_of(names[found]) == place_of(names[0]))
			found++;
	}
}

static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		err(1, "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "RLIMIT_NOFILE");
}

static int begin(const struct endpoint *remote)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	if (!connect(fd, (const struct sockaddr *)&remote->address, remote->length) || errno != EINPROGRESS)
		err(1, "connect");
	return fd;
}

static void take_name(struct endpoint *remote, int name)
{
	prctl(PR_SET_NAME, names[name]);
	((struct sockaddr_in *)&remote->address)->sin_port = htons(FIRST_PORT + name);
}

int main(int argc, char **argv)
{
	struct endpoint remote;
	int attempts, open;

	if (argc != 4)
		errx(1, "expected SILENT, ATTEMPTS and OPEN");
	remote = parse_endpoint(argv[1], "0");
	attempts = parse_number(argv[2], 1, 10000000);
	open = parse_number(argv[3], 1, MAX_OPEN);
	alarm(60);
	allow_files();
	find_names();
	for (int i = 0; i < attempts; i++) {
		if (i >= open)
			close(fds[i % open]);
		take_name(&remote, i % NAMES);
		fds[i % open] = begin(&remote);
		if (i % open == open - 1)
			usleep(PAUSE_US);
	}
	printf("{\"pid\":%d,\"attempts\":%d,\"names\":[", getpid(), attempts);
	for (int i = 0; i < NAMES; i++)
		printf("%s\"%s\"", i ? "," : "", names[i]);
	puts("]}");
	return 0;
}

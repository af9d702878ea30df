/*
 * Two processes, one after the other, with the same pid. Each of them connects once.
 *
 *   reuse-pid ADDRESS PORT
 *
 * clone3() creates the second one with the pid of the first. Requires Linux 5.5 and CAP_CHECKPOINT_RESTORE or root.
 * Prints their pid, and the start time of each, in clock ticks since boot.
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "workload.h"

/* Start times are in clock ticks: two processes in the same tick cannot be distinguished here. */
#define PAUSE_MS 50
/* Another process on the host may take the pid meanwhile. */
#define MAX_TRIES 50

static pid_t clone_with_pid(pid_t pid)
{
	pid_t wanted[] = { pid };
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (pid) {
		args.set_tid = (uintptr_t)wanted;
		args.set_tid_size = 1;
	}
	return syscall(SYS_clone3, &args, sizeof(args));
}

static void connect_once(const struct endpoint *remote)
{
	int fd = socket(remote->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		_exit(1);
	connect(fd, (const struct sockaddr *)&remote->address, remote->length);
	close(fd);
}

/* Field 22; the name in field 2 may contain any byte and ends with the last parenthesis: proc(5). */
static unsigned long long start_ticks(pid_t pid)
{
	char path[64], text[1024], *field;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file) || !(field = strrchr(text, ')')))
		err(1, "%s", path);
	fclose(file);
	field += 2;
	for (int i = 3; i < 22; i++)
		field = strchr(field, ' ') + 1;
	return strtoull(field, NULL, 10);
}

/* Waits for its end, but keeps it as a zombie until its start time was read. */
static unsigned long long reap(pid_t pid)
{
	unsigned long long ticks;
	siginfo_t info;

	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		err(1, "waitid");
	ticks = start_ticks(pid);
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "waitpid");
	return ticks;
}

static pid_t start(pid_t wanted, const struct endpoint *remote)
{
	pid_t pid = clone_with_pid(wanted);

	if (pid)
		return pid;
	connect_once(remote);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned long long first, second;
	struct endpoint remote;
	pid_t pid, again = -1;

	if (argc != 3)
		errx(1, "expected ADDRESS and PORT");
	remote = parse_endpoint(argv[1], argv[2]);
	alarm(60);
	pid = start(0, &remote);
	if (pid < 0)
		err(1, "clone3");
	first = reap(pid);
	poll(NULL, 0, PAUSE_MS);
	for (int i = 0; i < MAX_TRIES && again < 0; i++) {
		again = start(pid, &remote);
		if (again < 0 && errno != EEXIST)
			err(1, "clone3 with a process id");
		if (again < 0)
			poll(NULL, 0, PAUSE_MS);
	}
	if (again != pid)
		errx(1, "process id %d stayed taken", pid);
	second = reap(again);
	printf("{\"pid\":%d,\"start_ticks\":[%llu,%llu]}\n", pid, first, second);
	return 0;
}

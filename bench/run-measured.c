/*
 * Runs a command and reports its cost with wait4(2). This is exact, while /proc/PID/stat counts in ticks of 10 ms. It also
 * excludes the memory of a large parent, which ru_maxrss would include.
 *
 *   run-measured COMMAND [ARGUMENT]...
 *
 * Writes two lines of JSON to descriptor 3: one when the command starts, one when it has ended.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT_FD 3

static long long clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long long timeval_us(struct timeval time)
{
	return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

static void run(char **command)
{
	/* If the bench is killed, the command ends too. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGINT, SIG_DFL);
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

int main(int argc, char **argv)
{
	long long started_unix_ns, started_ns;
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2)
		errx(2, "usage: run-measured COMMAND [ARGUMENT]...");
	if (fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC))
		err(2, "descriptor %d", REPORT_FD);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Ctrl-C is meant for the command; this process continues, to report its end. */
	signal(SIGINT, SIG_IGN);
	started_unix_ns = clock_ns(CLOCK_REALTIME);
	started_ns = clock_ns(CLOCK_MONOTONIC);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0)
		run(argv + 1);
	dprintf(REPORT_FD, "{\"pid\":%d,\"started_unix_ns\":\"%lld\"}\n", pid, started_unix_ns);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			err(2, "wait4");
	dprintf(REPORT_FD, "{\"status\":%d,\"elapsed_us\":%lld,\"cpu_us\":%lld,\"peak_kib\":%ld}\n", status,
		(clock_ns(CLOCK_MONOTONIC) - started_ns) / 1000, timeval_us(usage.ru_utime) + timeval_us(usage.ru_stime),
		usage.ru_maxrss);
	return 0;
}

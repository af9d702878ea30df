/*
 * Many processes at a time, which connect in turn.
 *
 *   many-processes REFUSING SILENT COUNT WAVES ROUNDS [hold]
 *
 * Runs COUNT processes and, when all of them have ended, COUNT others, WAVES times. In each round every process makes an
 * attempt to SILENT, which never answers, and one to REFUSING, which refuses. An attempt to SILENT ends two rounds later.
 * With `hold` each process first makes an attempt to SILENT; when all have done so, a line is printed, and they continue
 * when stdin ends.
 *
 * Process i is named many-i, has uid 20000 + i and connects to port 10000 + i. Prints { pids, attempts }; attempts is the
 * number per process.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "workload.h"

#define FIRST_PORT 10000
#define FIRST_UID 20000
#define MAX_ROUNDS 1000
#define MAX_PROCESSES 50000

static const char *refusing, *silent;
static int count, waves, rounds;
static bool holds;
static pthread_barrier_t *in_turn;
static pid_t pids[MAX_PROCESSES];

static int connect_to(const char *address, int index, int flags, int expected)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	struct endpoint remote;
	char port[16];

	snprintf(port, sizeof(port), "%d", FIRST_PORT + index);
	remote = parse_endpoint(address, port);
	if (fd < 0)
		err(1, "socket");
	if (!connect(fd, (struct sockaddr *)&remote.address, remote.length) || errno != expected)
		err(1, "connect to %s", address);
	return fd;
}

static void take_identity(int index)
{
	char name[32];

	snprintf(name, sizeof(name), "many-%d", index);
	prctl(PR_SET_NAME, name);
	/* The effective user stays root. */
	if (syscall(SYS_setresuid, FIRST_UID + index, -1, -1))
		err(1, "setresuid");
	/* Ends the children if the parent is killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void run_process(int index)
{
	int pending[MAX_ROUNDS];

	take_identity(index);
	if (holds) {
		connect_to(silent, index, SOCK_NONBLOCK, EINPROGRESS);
		pthread_barrier_wait(in_turn); /* All processes have made their first attempt */
		pthread_barrier_wait(in_turn); /* stdin has ended */
	}
	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(in_turn);
		pending[i] = connect_to(silent, index, SOCK_NONBLOCK, EINPROGRESS);
		close(connect_to(refusing, index, 0, ECONNREFUSED));
		if (i >= 2)
			close(pending[i - 2]);
	}
	pthread_barrier_wait(in_turn);
}

static void hold(void)
{
	char byte;

	pthread_barrier_wait(in_turn);
	puts("all are under way");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	pthread_barrier_wait(in_turn);
}

static void run_wave(int first)
{
	int status;

	for (int index = first; index < first + count; index++) {
		pids[index] = fork();
		if (pids[index] < 0)
			err(1, "fork");
		if (!pids[index]) {
			run_process(index);
			_exit(0);
		}
	}
	if (holds)
		hold();
	for (int i = 0; i <= rounds; i++)
		pthread_barrier_wait(in_turn);
	for (int index = first; index < first + count; index++)
		if (waitpid(pids[index], &status, 0) < 0 || status)
			errx(1, "process %d failed", index);
}

static void make_barrier(void)
{
	pthread_barrierattr_t shared;

	in_turn = mmap(NULL, sizeof(*in_turn), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (in_turn == MAP_FAILED)
		err(1, "mmap");
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(in_turn, &shared, count + 1);
}

int main(int argc, char **argv)
{
	if (argc < 6)
		errx(1, "expected REFUSING, SILENT, COUNT, WAVES and ROUNDS");
	refusing = argv[1];
	silent = argv[2];
	count = parse_number(argv[3], 1, MAX_PROCESSES);
	waves = parse_number(argv[4], 1, MAX_PROCESSES / count);
	rounds = parse_number(argv[5], 1, MAX_ROUNDS);
	holds = argc > 6;
	alarm(60);
	make_barrier();
	for (int wave = 0; wave < waves; wave++)
		run_wave(wave * count);
	printf("{\"attempts\":%d,\"pids\":[", 2 * rounds + holds);
	for (int i = 0; i < count * waves; i++)
		printf("%s%d", i ? "," : "", pids[i]);
	puts("]}");
	return 0;
}

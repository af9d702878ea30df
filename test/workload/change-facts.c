/*
 * Changes facts that identify a process, and connects before, during and after the change.
 *
 *   change-facts CHANGE REFUSING SILENT THREADS ROUNDS [ARGUMENT…]
 *
 * CHANGE                   by             ARGUMENT…
 *   name                   each thread    [alternate]: one connect at a time, each thread in turn
 *   uid                    each thread
 *   netns, mntns           each thread
 *   cgroup-thread          each thread    two directories of threaded cgroups
 *   uid-of-all             one thread     CHANGER
 *   cgroup                 one thread     CHANGER DIRECTORY
 *   exec                   one thread     CHANGER FIRST_PORT PROGRAM…: each one executes the next
 *   pid                    the parent     ends, and a new process gets its pid, three times
 *
 * REFUSING is an address that refuses connects, SILENT one that never answers. Thread 0 is the main thread, CHANGER the
 * number of a thread. If each thread makes the change, the threads with even numbers do, back and forth, ROUNDS times.
 *
 * Every thread has ports of its own, one per situation. Prints a line of JSON for each port with the facts of the thread
 * from /proc: { port, pid, tid, comm, exe, uid, cgroup, netns, mntns, start_ticks, attempts, unsure, next_port }.
 * `attempts` attempts have these facts. `unsure` attempts were in flight during the change: they have these facts or those
 * of next_port. -1: any number of further attempts, with these facts.
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "workload.h"

#define MAX_THREADS 64
#define FIRST_PORT 10000
#define PORTS_PER_RUN 1000 /* Of an executed program, or of a process with a reused pid */
#define OTHER_UID 4321
#define INCARNATIONS 3
#define PAUSE_MS 50 /* Start times are compared in clock ticks */
#define MAX_TRIES 50

/* Ports of a thread: when the attempt was made relative to the change. */
enum { BEFORE, DURING, AFTER, PENDING_BEFORE, PENDING_AFTER, SOCKET_BEFORE, PORTS_PER_THREAD = 10 };

struct facts {
	int pid, tid, uid;
	char comm[32], exe[256], cgroup[512];
	unsigned long netns, mntns;
	unsigned long long start_ticks;
};

struct worker {
	int index, counts[PORTS_PER_THREAD], unsure[PORTS_PER_THREAD], namespaces[2];
	struct facts before, after;
};

static const char *change, *refusing, *silent;
static int thread_count, rounds, changer, first_port = FIRST_PORT;
static bool alternates;
static char **arguments;
static atomic_int phase, ready;
static sem_t turns[MAX_THREADS];
static pthread_barrier_t all_started;

static bool is(const char *name)
{
	return !strcmp(change, name);
}

static void read_line(const char *path, const char *prefix, char *line, int size)
{
	FILE *file = fopen(path, "re");

	if (!file)
		err(1, "%s", path);
	while (fgets(line, size, file)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, prefix, strlen(prefix))) {
			memmove(line, line + strlen(prefix), strlen(line) - strlen(prefix) + 1);
			fclose(file);
			return;
		}
	}
	errx(1, "%s has no line with %s", path, prefix);
}

static unsigned long inode_of(const char *path)
{
	struct stat found;

	if (stat(path, &found))
		err(1, "%s", path);
	return found.st_ino;
}

/* Field 22; the name in field 2 may contain any byte and ends with the last parenthesis: proc(5). */
static unsigned long long start_ticks(void)
{
	char line[1024], *field;

	read_line("/proc/self/stat", "", line, sizeof(line));
	field = strrchr(line, ')') + 2;
	for (int i = 3; i < 22; i++)
		field = strchr(field, ' ') + 1;
	return strtoull(field, NULL, 10);
}

static struct facts read_facts(void)
{
	struct facts facts = { .pid = syscall(SYS_getpid), .tid = syscall(SYS_gettid), .uid = syscall(SYS_getuid) };
	char path[4096] = "";
	const char *exe;

	read_line("/proc/thread-self/comm", "", facts.comm, sizeof(facts.comm));
	read_line("/proc/thread-self/cgroup", "0::", facts.cgroup, sizeof(facts.cgroup));
	if (readlink("/proc/thread-self/exe", path, sizeof(path) - 1) < 0)
		err(1, "/proc/thread-self/exe");
	exe = strrchr(path, '/') + 1;
	memcpy(facts.exe, exe, strlen(exe) + 1);
	facts.netns = inode_of("/proc/thread-self/ns/net");
	facts.mntns = inode_of("/proc/thread-self/ns/mnt");
	facts.start_ticks = start_ticks();
	return facts;
}

static int port_at(const struct worker *worker, int situation)
{
	return first_port + worker->index * PORTS_PER_THREAD + situation;
}

static void print_facts(const struct worker *worker, int situation, const struct facts *facts, int next)
{
	if (!worker->counts[situation] && !worker->unsure[situation])
		return;
	dprintf(STDOUT_FILENO,
		"{\"port\":%d,\"pid\":%d,\"tid\":%d,\"comm\":\"%s\",\"exe\":\"%s\",\"uid\":%d,\"cgroup\":\"%s\",\"netns\":%lu,"
		"\"mntns\":%lu,\"start_ticks\":%llu,\"attempts\":%d,\"unsure\":%d,\"next_port\":%d}\n",
		port_at(worker, situation), facts->pid, facts->tid, facts->comm, facts->exe, facts->uid, facts->cgroup,
		facts->netns, facts->mntns, facts->start_ticks, worker->counts[situation], worker->unsure[situation],
		port_at(worker, next));
}

static int open_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

/* @returns errno, 0 on success */
static int connect_to(struct worker *worker, int situation, int fd, const char *address)
{
	struct endpoint remote;
	char port[8];
	int error;

	snprintf(port, sizeof(port), "%d", port_at(worker, situation));
	remote = parse_endpoint(address, port);
	if (alternates)
		sem_wait(&turns[worker->index]);
	error = connect(fd, (struct sockaddr *)&remote.address, remote.length) ? errno : 0;
	if (alternates)
		sem_post(&turns[(worker->index + 1) % thread_count]);
	return error;
}

static void attempt_with(struct worker *worker, int situation, int fd)
{
	if (connect_to(worker, situation, fd, refusing) != ECONNREFUSED)
		errx(1, "a connect to %s was not refused", refusing);
	close(fd);
}

static void attempt(struct worker *worker, int situation)
{
	attempt_with(worker, situation, open_socket(SOCK_CLOEXEC));
}

static void attempt_counted(struct worker *worker, int situation)
{
	attempt(worker, situation);
	worker->counts[situation]++;
}

/* Begins an attempt that is pending until the socket is closed. */
static int begin_with(struct worker *worker, int situation, int fd)
{
	if (connect_to(worker, situation, fd, silent) != EINPROGRESS)
		errx(1, "a connect to %s is not pending", silent);
	worker->counts[situation]++;
	return fd;
}

/* The socket stays open after exec. */
static int begin(struct worker *worker, int situation)
{
	return begin_with(worker, situation, open_socket(SOCK_NONBLOCK));
}

static void write_zero(const char *directory, const char *file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	write_sysctl(path, "0");
}

static void enter_namespace(struct worker *worker, bool other, const char *path, int flag)
{
	if (!worker->namespaces[0]) {
		worker->namespaces[0] = open(path, O_RDONLY | O_CLOEXEC);
	} else if (!worker->namespaces[1]) {
		if (unshare(flag))
			err(1, "unshare");
		if (flag == CLONE_NEWNET)
			set_up("lo");
		worker->namespaces[1] = open(path, O_RDONLY | O_CLOEXEC);
	} else if (setns(worker->namespaces[other], flag)) {
		err(1, "setns");
	}
}

/* Makes a change of this thread only. */
static void change_thread(struct worker *worker, bool other)
{
	char name[16];

	if (is("name")) {
		snprintf(name, sizeof(name), "%s-%d", other ? "other" : "worker", worker->index);
		prctl(PR_SET_NAME, name);
	} else if (is("uid")) {
		/* glibc's function changes all threads. The effective user stays root, which is allowed to change back. */
		if (syscall(SYS_setresuid, other ? OTHER_UID : 0, -1, -1))
			err(1, "setresuid");
	} else if (is("netns")) {
		enter_namespace(worker, other, "/proc/thread-self/ns/net", CLONE_NEWNET);
	} else if (is("mntns")) {
		enter_namespace(worker, other, "/proc/thread-self/ns/mnt", CLONE_NEWNS);
	} else if (is("cgroup-thread")) {
		write_zero(arguments[other], "cgroup.threads");
	} else {
		errx(1, "%s: no such change", change);
	}
}

/* Ends each attempt after the change that it began before. */
static void change_back_and_forth(struct worker *worker)
{
	/* In a new network namespace only lo is up: there is no address that never answers. */
	bool has_silence = !is("netns");
	struct facts old_socket;
	int pending, old;

	change_thread(worker, false);
	worker->before = read_facts();
	for (int round = 0; round < rounds; round++) {
		old = open_socket(SOCK_CLOEXEC);
		pending = begin(worker, PENDING_BEFORE);
		attempt_counted(worker, BEFORE);
		change_thread(worker, true);
		if (!round)
			worker->after = read_facts();
		close(pending);
		attempt_with(worker, SOCKET_BEFORE, old);
		worker->counts[SOCKET_BEFORE]++;
		if (has_silence)
			pending = begin(worker, PENDING_AFTER);
		attempt_counted(worker, AFTER);
		change_thread(worker, false);
		if (has_silence)
			close(pending);
	}
	old_socket = worker->after;
	old_socket.netns = worker->before.netns;
	print_facts(worker, BEFORE, &worker->before, BEFORE);
	print_facts(worker, PENDING_BEFORE, &worker->before, BEFORE);
	print_facts(worker, AFTER, &worker->after, AFTER);
	print_facts(worker, PENDING_AFTER, &worker->after, AFTER);
	print_facts(worker, SOCKET_BEFORE, &old_socket, SOCKET_BEFORE);
}

/* Makes as many connects as the other threads, because threads may take turns. */
static void stay(struct worker *worker)
{
	worker->before = read_facts();
	for (int i = 0; i < rounds * (is("netns") ? 4 : 5); i++)
		attempt_counted(worker, BEFORE);
	print_facts(worker, BEFORE, &worker->before, BEFORE);
}

/* Makes a change of all threads at once. */
static void change_process(void)
{
	if (is("uid-of-all")) {
		if (setresuid(OTHER_UID, -1, -1))
			err(1, "setresuid");
	} else if (is("cgroup")) {
		write_zero(arguments[1], "cgroup.procs");
	} else {
		errx(1, "%s: no such change", change);
	}
}

static void connect_around(struct worker *worker)
{
	int seen = atomic_load(&phase);

	attempt(worker, seen);
	if (seen == atomic_load(&phase) && seen != DURING)
		worker->counts[seen]++;
	else
		worker->unsure[seen]++;
}

/* One thread makes the change after all have connected; the others connect all the time. */
static void change_once(struct worker *worker)
{
	int pending;

	worker->before = read_facts();
	pending = begin(worker, PENDING_BEFORE);
	for (int i = 0; i < rounds; i++)
		connect_around(worker);
	atomic_fetch_add(&ready, 1);
	while (worker->index == changer && atomic_load(&ready) < thread_count)
		connect_around(worker);
	if (worker->index == changer) {
		atomic_store(&phase, DURING);
		change_process();
		atomic_store(&phase, AFTER);
	}
	while (worker->counts[AFTER] < rounds)
		connect_around(worker);
	close(pending);
	worker->after = read_facts();
	print_facts(worker, BEFORE, &worker->before, AFTER);
	print_facts(worker, PENDING_BEFORE, &worker->before, BEFORE);
	print_facts(worker, DURING, &worker->before, AFTER);
	print_facts(worker, AFTER, &worker->after, AFTER);
}

/* @arguments: CHANGER, first port, programs */
static void exec_next(void)
{
	char threads[16], rounds_text[16], port[16], *next[64] = { arguments[2], "exec", (char *)refusing, (char *)silent };
	int count = 4;

	snprintf(threads, sizeof(threads), "%d", thread_count);
	snprintf(rounds_text, sizeof(rounds_text), "%d", rounds);
	snprintf(port, sizeof(port), "%d", first_port + PORTS_PER_RUN);
	next[count++] = threads;
	next[count++] = rounds_text;
	next[count++] = arguments[0];
	next[count++] = port;
	for (int i = 3; arguments[i] && count < 63; i++)
		next[count++] = arguments[i];
	execv(arguments[2], next);
	err(1, "%s", arguments[2]);
}

static void take_name(const struct worker *worker)
{
	char name[16];

	snprintf(name, sizeof(name), "worker-%d", worker->index);
	prctl(PR_SET_NAME, name);
}

/*
 * Its pending attempts end with the last program. The main thread always has the name of its program, so that only the
 * program changes.
 */
static void connect_until_exec(struct worker *worker)
{
	bool is_last = !arguments[2];

	worker->before = read_facts();
	begin(worker, PENDING_BEFORE);
	for (int i = 0; i < rounds; i++)
		attempt_counted(worker, BEFORE);
	take_name(worker);
	worker->after = read_facts();
	for (int i = 0; i < rounds; i++)
		attempt_counted(worker, AFTER);
	worker->unsure[AFTER] = is_last ? 0 : -1;
	print_facts(worker, BEFORE, &worker->before, BEFORE);
	print_facts(worker, PENDING_BEFORE, &worker->before, BEFORE);
	print_facts(worker, AFTER, &worker->after, AFTER);
	atomic_fetch_add(&ready, 1);
	while (!is_last) {
		attempt(worker, AFTER);
		if (worker->index == changer && atomic_load(&ready) == thread_count)
			exec_next();
	}
}

/* Sockets of the parent: they stay open when the process ends. */
static int lasting_sockets[MAX_THREADS];

static void connect_as_incarnation(struct worker *worker)
{
	worker->before = read_facts();
	begin_with(worker, PENDING_BEFORE, lasting_sockets[worker->index]);
	for (int i = 0; i < rounds; i++)
		attempt_counted(worker, BEFORE);
	print_facts(worker, BEFORE, &worker->before, BEFORE);
	print_facts(worker, PENDING_BEFORE, &worker->before, BEFORE);
}

static void *run_worker(void *index)
{
	struct worker worker = { .index = (intptr_t)index };

	/* The main thread has the name of its program. */
	if (worker.index)
		take_name(&worker);
	pthread_barrier_wait(&all_started);
	if (is("exec"))
		connect_until_exec(&worker);
	else if (is("pid"))
		connect_as_incarnation(&worker);
	else if (is("uid-of-all") || is("cgroup"))
		change_once(&worker);
	else if (worker.index % 2 == 0)
		change_back_and_forth(&worker);
	else
		stay(&worker);
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[MAX_THREADS];

	pthread_barrier_init(&all_started, NULL, thread_count);
	for (int i = 0; i < thread_count; i++)
		sem_init(&turns[i], 0, i == 0);
	for (intptr_t i = 1; i < thread_count; i++)
		if (pthread_create(&threads[i], NULL, run_worker, (void *)i))
			errx(1, "pthread_create");
	run_worker(0);
	for (int i = 1; i < thread_count; i++)
		pthread_join(threads[i], NULL);
}

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

/* Another process on the host may take the pid meanwhile. */
static pid_t start_incarnation(pid_t wanted)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		pid_t pid = clone_with_pid(wanted);

		if (pid >= 0)
			return pid;
		if (errno != EEXIST)
			err(1, "clone3 with a process id");
		poll(NULL, 0, PAUSE_MS);
	}
	errx(1, "process id %d stayed taken", wanted);
}

static void reuse_pid(void)
{
	pid_t pid = 0;
	int status;

	for (int i = 0; i < INCARNATIONS; i++, first_port += PORTS_PER_RUN) {
		for (int thread = 0; thread < thread_count; thread++)
			lasting_sockets[thread] = open_socket(SOCK_NONBLOCK);
		pid = start_incarnation(pid);
		if (!pid) {
			alarm(60);
			run_threads();
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			errx(1, "process %d failed", pid);
		poll(NULL, 0, PAUSE_MS);
	}
}

int main(int argc, char **argv)
{
	if (argc < 6)
		errx(1, "expected CHANGE, REFUSING, SILENT, THREADS and ROUNDS");
	change = argv[1];
	refusing = argv[2];
	silent = argv[3];
	thread_count = parse_number(argv[4], 1, MAX_THREADS);
	rounds = parse_number(argv[5], 1, 100000);
	arguments = argv + 6;
	alarm(60);
	alternates = is("name") && arguments[0];
	if (is("exec") || is("uid-of-all") || is("cgroup"))
		changer = parse_number(arguments[0] ? arguments[0] : "", 0, thread_count - 1);
	if (is("exec"))
		first_port = parse_number(arguments[1] ? arguments[1] : "", 1, 60000);
	if (is("pid"))
		reuse_pid();
	else
		run_threads();
	return 0;
}

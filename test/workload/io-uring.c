/*
 * Connects once through io_uring, in a thread that the kernel creates for it.
 *
 *   io-uring ADDRESS PORT worker|poller
 *
 * worker: a worker of the ring makes the call (IOSQE_ASYNC). poller: the ring's polling thread makes the call
 * (IORING_SETUP_SQPOLL). The calling thread is not the main thread of the process; both have names of their own.
 * Prints the calling thread and the result of the request, an errno or 0. Exits with 77 if this kernel refuses io_uring.
 */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "workload.h"

#define UNSUPPORTED 77
#define IDLE_MS 1000

static struct endpoint remote;
static bool polls;

static void *map_ring(int ring, off_t offset, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);

	if (memory == MAP_FAILED)
		err(1, "mmap of the ring");
	return memory;
}

static void fill_request(struct io_uring_sqe *request, int fd)
{
	memset(request, 0, sizeof(*request));
	request->opcode = IORING_OP_CONNECT;
	request->flags = polls ? 0 : IOSQE_ASYNC;
	request->fd = fd;
	request->addr = (unsigned long)&remote.address;
	request->off = remote.length;
}

static void *connect_by_ring(void *unused)
{
	struct io_uring_params params = { .flags = polls ? IORING_SETUP_SQPOLL : 0, .sq_thread_idle = IDLE_MS };
	int fd = socket(remote.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	struct io_uring_cqe *results;
	char *submissions, *completions;
	unsigned int *tail;

	(void)unused;
	if (fd < 0)
		err(1, "socket");
	if (ring < 0 && (errno == ENOSYS || errno == EPERM))
		err(UNSUPPORTED, "io_uring_setup");
	if (ring < 0)
		err(1, "io_uring_setup");
	prctl(PR_SET_NAME, "ring-caller");
	submissions = map_ring(ring, IORING_OFF_SQ_RING, params.sq_off.array + params.sq_entries * sizeof(unsigned int));
	completions = map_ring(ring, IORING_OFF_CQ_RING, params.cq_off.cqes + params.cq_entries * sizeof(*results));
	fill_request(map_ring(ring, IORING_OFF_SQES, params.sq_entries * sizeof(struct io_uring_sqe)), fd);
	((unsigned int *)(submissions + params.sq_off.array))[0] = 0;
	tail = (unsigned int *)(submissions + params.sq_off.tail);
	__atomic_store_n(tail, 1, __ATOMIC_SEQ_CST);
	if (syscall(SYS_io_uring_enter, ring, polls ? 0 : 1, 1, IORING_ENTER_GETEVENTS | (polls ? IORING_ENTER_SQ_WAKEUP : 0), NULL, 0) < 0)
		err(1, "io_uring_enter");
	if (__atomic_load_n((unsigned int *)(completions + params.cq_off.tail), __ATOMIC_SEQ_CST) != 1)
		errx(1, "the request has no result");
	results = (struct io_uring_cqe *)(completions + params.cq_off.cqes);
	printf("{\"tid\":%d,\"error\":%d}\n", gettid(), -results[0].res);
	close(ring);
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t caller;

	if (argc != 4)
		errx(1, "expected ADDRESS, PORT and worker or poller");
	remote = parse_endpoint(argv[1], argv[2]);
	polls = !strcmp(argv[3], "poller");
	prctl(PR_SET_NAME, "ring-process");
	if (pthread_create(&caller, NULL, connect_by_ring, NULL))
		errx(1, "pthread_create");
	pthread_join(caller, NULL);
	return 0;
}

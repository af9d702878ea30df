/*
 * Leaves getaddrinfo with a jump, like a signal handler with longjmp(3), and calls it again without a name.
 *
 *   resolve-again NAME
 *
 * NAME is in memory that cannot be read during the first call. Prints { pid, errors: [results of the calls] }.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include "workload.h"

static sigjmp_buf before;

static void leave(int signal)
{
	siglongjmp(before, signal);
}

int main(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int left, error;
	char *name;

	if (argc != 2 || strlen(argv[1]) >= 4096)
		errx(1, "expected NAME");
	name = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (name == MAP_FAILED)
		err(1, "mmap");
	strcpy(name, argv[1]);
	signal(SIGSEGV, leave);
	mprotect(name, 4096, PROT_NONE);
	left = sigsetjmp(before, 1);
	if (!left) {
		getaddrinfo(name, "80", &hints, &found);
		errx(1, "the name could be read");
	}
	mprotect(name, 4096, PROT_READ);
	error = getaddrinfo(NULL, "80", &hints, &found);
	printf("{\"pid\":%d,\"errors\":[%d,%d]}\n", getpid(), left, error);
	return 0;
}

/*
 * Calls connect(2) like a 32-bit program, through int 0x80, to an address without a route.
 *
 *   compat-connect ADDRESS PORT
 *
 * Prints { pid, errno }. Only for x86-64. Exits with 77 if the kernel runs no 32-bit programs, and on other machines.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include "workload.h"

#define UNSUPPORTED 77
/* arch/x86/entry/syscalls/syscall_32.tbl */
#define COMPAT_CONNECT 362

#ifdef __x86_64__
/* Without support for 32-bit programs, the interrupt is a protection fault. */
static void give_up(int number)
{
	(void)number;
	_exit(UNSUPPORTED);
}
#endif

int main(int argc, char **argv)
{
#ifdef __x86_64__
	/* Addresses of 32-bit programs have 32 bits. */
	struct sockaddr_in *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct endpoint remote;
	long result;

	if (argc != 3)
		errx(1, "expected ADDRESS and PORT");
	remote = parse_endpoint(argv[1], argv[2]);
	if (low == MAP_FAILED || fd < 0)
		err(1, "prepare");
	memcpy(low, &remote.address, sizeof(*low));
	signal(SIGSEGV, give_up);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"((long)COMPAT_CONNECT), "b"((long)fd), "c"((long)low), "d"((long)sizeof(*low))
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int)result == -ENOSYS)
		errx(UNSUPPORTED, "no system calls of 32-bit programs");
	printf("{\"pid\":%d,\"errno\":%d}\n", getpid(), -(int)result);
	return 0;
#else
	(void)argc;
	(void)argv;
	errx(UNSUPPORTED, "not x86-64");
#endif
}

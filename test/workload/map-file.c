/*
 * Maps files like the loader maps a library, prints a line, and keeps them mapped until stdin ends.
 *
 *   map-file PATH...
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include "workload.h"

int main(int argc, char **argv)
{
	char byte;

	if (argc < 2)
		errx(1, "expected PATH");
	alarm(120);
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
			err(1, "%s", argv[i]);
		close(fd);
	}
	puts("mapped");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

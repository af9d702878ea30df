// SPDX-License-Identifier: MIT
/*
 * Acts as the service manager of sd_notify(3): prints the messages to a Unix datagram socket, one line each, until it is
 * ended. A name that begins with @ is an abstract one.
 *
 *   notify-socket NAME
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t length;
	char text[4096];
	ssize_t bytes;

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	strcpy(address.sun_path, argv[1]);
	length = offsetof(struct sockaddr_un, sun_path) + strlen(argv[1]);
	if (argv[1][0] == '@')
		address.sun_path[0] = 0;
	else
		length++;
	if (bind(fd, (struct sockaddr *)&address, length) != 0) {
		perror("bind");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("bound");
	while ((bytes = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[bytes] = 0;
		fputs(text, stdout);
	}
	return 0;
}

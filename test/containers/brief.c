/*
 * A container that lives 100 ms and connects once, to 127.0.0.1 port 7, where nobody listens. Statically linked, without a library:
 * the only file of its image.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	usleep(50000);
	connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&address, sizeof(address));
	usleep(50000);
	return 0;
}

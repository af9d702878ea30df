/* Options of loadgen. */
#ifndef LOADGEN_OPTIONS_H
#define LOADGEN_OPTIONS_H

#include <err.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 64
#define MAX_SECONDS 600
#define MAX_ENDPOINTS 1000000

enum { MODE_RESET, MODE_CLOSE, MODE_REFUSED };

static const char *const modes[] = { "reset", "close", "refused", NULL };
static const struct option options[] = {
	{ "mode", required_argument, NULL, 'm' }, { "threads", required_argument, NULL, 't' },
	{ "count", required_argument, NULL, 'c' }, { "seconds", required_argument, NULL, 's' },
	{ "port", required_argument, NULL, 'p' }, { "address", required_argument, NULL, 'a' },
	{ "endpoints", required_argument, NULL, 'e' }, { "rate", required_argument, NULL, 'r' }, { 0 },
};
static int mode = MODE_RESET;
static unsigned int threads = 1, endpoints; /* 0: one address */
static uint64_t count, seconds, rate;       /* 0: no limit */
static const char *host = "127.0.0.1", *port = "0";

static uint64_t parse_number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < min || value > max)
		errx(1, "%s: expected a number from %llu to %llu", text, (unsigned long long)min, (unsigned long long)max);
	return value;
}

static void parse_options(int argc, char **argv)
{
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'm':
			for (mode = 0; modes[mode] && strcmp(modes[mode], optarg); mode++)
				;
			if (!modes[mode])
				errx(1, "--mode %s: expected reset, close or refused", optarg);
			break;
		case 't': threads = parse_number(optarg, 1, MAX_THREADS); break;
		case 'c': count = parse_number(optarg, 1, 1000000000); break;
		case 's': seconds = parse_number(optarg, 1, MAX_SECONDS); break;
		case 'p':
			parse_number(optarg, 0, 65535); /* getaddrinfo() truncates larger ones to 16 bits */
			port = optarg;
			break;
		case 'a': host = optarg; break;
		case 'e': endpoints = parse_number(optarg, 1, MAX_ENDPOINTS); break;
		case 'r': rate = parse_number(optarg, 1, 10000000); break;
		default: exit(1);
		}
	}
	if (endpoints)
		host = "0.0.0.0";
	if (!seconds)
		seconds = count ? MAX_SECONDS : 10;
}

#endif

/* A log-linear histogram of latencies, cheap enough to be updated between two connects. */
#ifndef LATENCY_HISTOGRAM_H
#define LATENCY_HISTOGRAM_H

#include <stdint.h>

#define STEPS 64 /* Buckets per power of two: the error of a latency is at most 1.6 % */
#define BUCKETS (STEPS * 60)

static inline unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift = ns < 2 * STEPS ? 0 : 57 - __builtin_clzll(ns);

	return shift * STEPS + (ns >> shift);
}

/* Smallest latency of a bucket, in ns. */
static inline uint64_t bucket_start(uint64_t bucket)
{
	unsigned int shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;

	return (bucket - shift * STEPS) << shift;
}

#endif

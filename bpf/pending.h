/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/*
 * Pending attempts by the address of their struct sock. Attempts left when recording ends get the outcome `pending`.
 *
 * From Linux 5.12 they are stored in an array of buckets, at a tenth of the helper calls of a hash: the verifier inlines an
 * array lookup as three instructions, and one compare-and-swap claims a place without a lock. A full bucket overflows into the
 * hash. Older kernels, on arm64 those before 5.18, have no compare-and-swap and use only the hash.
 */
#ifndef TCPCONN_PENDING_H
#define TCPCONN_PENDING_H

/* 65,536 places in 4.7 MB. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BUCKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bucket);
} buckets SEC(".maps");

/* Not preallocated: uses no memory while empty. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072); /* the reader resizes it where the kernel has buckets */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct pending_attempt);
} pending SEC(".maps");

/* Location of a pending attempt: a place in a bucket, or the hash if `bucket` is NULL. */
struct pending_place {
	struct bucket *bucket;
	__u32 place;
};

/*
 * The number of each place, in memory whose content the verifier does not know. With the numbers as constants, each place would
 * be a path of its own through the rest of a program, which makes loading take four times as long.
 */
volatile __u8 place_numbers[PLACES] = { 0, 1, 2, 3, 4, 5, 6, 7 };

#define EACH_PLACE(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

_Static_assert(PLACES == 8, "as many as EACH_PLACE and place_numbers have");

/* A 32-bit move turns the pointer into a number; the verifier forbids arithmetic on pointers. */
static __always_inline struct bucket *bucket_of(struct sock *sk)
{
	__u64 low;
	__u32 index;

	asm volatile("r1 = %1; w1 = w1; %0 = r1" : "=r"(low) : "r"(sk) : "r1");
	index = (__u32)(low * 0x9e3779b1u) >> 19;
	return bpf_map_lookup_elem(&buckets, &index);
}

_Static_assert(BUCKETS == 1 << (32 - 19), "as many as bucket_of gives");

static __always_inline struct pending_attempt *find_in_bucket(struct sock *sk, struct pending_place *at)
{
	struct bucket *bucket = bucket_of(sk);
	__u64 key = (__u64)sk;

	at->bucket = bucket;
	if (!bucket)
		return NULL;
#define FIND(i)                              \
	if (bucket->socks[i] == key) {       \
		at->place = place_numbers[i]; \
		goto found;                  \
	}
	EACH_PLACE(FIND)
#undef FIND
	at->bucket = NULL;
	return NULL;
found:
	return &bucket->attempts[at->place & (PLACES - 1)];
}

static __always_inline struct pending_attempt *find_attempt(struct sock *sk, struct pending_place *at, bool has_buckets)
{
	__u64 key = (__u64)sk;

	if (has_buckets) {
		struct pending_attempt *found = find_in_bucket(sk, at);

		if (found || !state.overflow_seen)
			return found;
	}
	at->bucket = NULL;
	return bpf_map_lookup_elem(&pending, &key);
}

static __always_inline void remove_attempt(struct sock *sk, const struct pending_place *at)
{
	__u64 key = (__u64)sk;

	if (at->bucket)
		at->bucket->socks[at->place & (PLACES - 1)] = 0;
	else
		bpf_map_delete_elem(&pending, &key);
}

/* No program looks up this socket before its SYN is sent: the connecting task holds its lock. */
static __always_inline bool put_into_bucket(struct sock *sk, const struct pending_attempt *attempt)
{
	struct bucket *bucket = bucket_of(sk);
	__u32 place;

	if (!bucket)
		return false;
#define TAKE(i)                                                                                         \
	if (!bucket->socks[i] && !__sync_val_compare_and_swap(&bucket->socks[i], 0, PLACE_TAKEN)) {    \
		place = place_numbers[i];                                                               \
		goto taken;                                                                             \
	}
	EACH_PLACE(TAKE)
#undef TAKE
	return false;
taken:
	place &= PLACES - 1;
	bucket->attempts[place] = *attempt;
	bucket->socks[place] = (__u64)sk;
	return true;
}

/* An attempt that fits nowhere is lost and counted. */
static __always_inline void put_attempt(struct sock *sk, const struct pending_attempt *attempt, bool has_buckets)
{
	__u64 key = (__u64)sk;

	if (has_buckets) {
		if (put_into_bucket(sk, attempt))
			return;
		state.overflow_seen = 1;
	}
	if (bpf_map_update_elem(&pending, &key, attempt, BPF_ANY))
		__sync_fetch_and_add(&state.lost_map_full_count, 1);
}

#endif

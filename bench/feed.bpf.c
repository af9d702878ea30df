// SPDX-License-Identifier: (GPL-2.0 OR MIT)
/*
 * Fills a ring like the probe's with generated attempts: BPF_PROG_TEST_RUN runs fill_ring. 2,000 endpoints, 200
 * processes, log-normal latencies, at the times of 28,000 attempts per second. send_processes sends each process once,
 * before the first attempt.
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "../bpf/connect_event.h"

#define ENDPOINTS 2000
#define PROCESSES 200
#define FIRST_PID 10000
#define INTERVAL_NS 35714 /* 28,000 attempts per second */
#define FIRST_NS 1000000000ull

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} events SEC(".maps");

/* The only variable in .bss, which user space maps. */
struct feed_state {
	__u64 fed_count;  /* Events put into the ring since load */
	__u32 wanted;     /* Events to put into the ring in the next run */
	__u32 mixed;      /* 0: all established; 1: one in ten failed, some after SYN retransmits */
};
volatile struct feed_state feed = {};

/*
 * A sum of uniform numbers is approximately normal; as exponent and mantissa it is approximately log-normal. Every
 * endpoint has its own minimum, from 33 us to 8 ms, and spreads over at most four octaves above it.
 */
static __always_inline __u64 make_latency(__u32 endpoint)
{
	__u32 sum = (endpoint * 2654435761u) >> 13, exponent; /* Eight octaves of 65,536 steps */

	for (int i = 0; i < 4; i++)
		sum += bpf_get_prandom_u32() >> 16;
	exponent = 15 + (sum >> 16);
	return (1ull << exponent) + (((__u64)(sum & 0xffff) << exponent) >> 16);
}

static __always_inline void set_mapped(__u8 *address, __u32 ipv4)
{
	__u32 *words = (__u32 *)address;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = bpf_htonl(ipv4);
}

static __always_inline struct process_key key_of(__u32 number)
{
	return (struct process_key){ .position = number, .generation = 1 };
}

static long put_process(__u32 number, void *context)
{
	struct process_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 1;
	__builtin_memset(event, 0, sizeof(*event));
	event->key = key_of(number);
	event->facts.process_start_ns = FIRST_NS + number;
	event->facts.cgroup_id = 1 + number % 20;
	event->facts.exe_inode = 1000 + number % 10;
	event->facts.pid = FIRST_PID + number;
	event->facts.uid = number % 4;
	event->facts.netns = 4026531840u;
	event->facts.mntns = 4026531841u;
	__builtin_memcpy(event->facts.comm, "worker", 6);
	__builtin_memcpy(event->exe, "worker", 6);
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

static __always_inline void set_failure(struct connect_event *event, __u32 chance)
{
	if (chance < 60) {
		event->outcome = OUTCOME_REFUSED;
		event->error = 111;
	} else if (chance < 80) {
		event->outcome = OUTCOME_TIMED_OUT;
		event->error = 110;
		event->syn_retransmits = 1 + chance % 6;
	} else if (chance < 90) {
		event->outcome = OUTCOME_UNREACHABLE;
		event->error = 113;
	} else if (chance < 100) {
		event->outcome = OUTCOME_CANCELLED;
	} else if (chance < 120) {
		event->syn_retransmits = 1 + chance % 3;
	}
}

static long put_event(__u32 index, void *context)
{
	struct connect_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	__u32 endpoint = bpf_get_prandom_u32() % ENDPOINTS, process = bpf_get_prandom_u32() % PROCESSES;

	if (!event)
		return 1;
	__builtin_memset(event, 0, sizeof(*event));
	event->latency_ns = make_latency(endpoint);
	event->started_ns = FIRST_NS + feed.fed_count * INTERVAL_NS;
	event->process = key_of(process);
	event->tid = FIRST_PID + process;
	set_mapped(event->remote_address, 0x0a000000 + endpoint / 2);
	event->remote_port = endpoint % 2 ? 443 : 5432;
	set_mapped(event->local_address, 0x0a090001);
	event->local_port = 32768 + bpf_get_prandom_u32() % 28232;
	event->family = 4;
	if (feed.mixed)
		set_failure(event, bpf_get_prandom_u32() % 1000);
	feed.fed_count++;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("syscall")
int send_processes(void *context)
{
	return bpf_loop(PROCESSES, put_process, NULL, 0);
}

SEC("syscall")
int fill_ring(void *context)
{
	return bpf_loop(feed.wanted, put_event, NULL, 0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

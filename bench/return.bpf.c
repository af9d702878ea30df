// SPDX-License-Identifier: (GPL-2.0 OR MIT)
/* The minimum cost of programs that see packets: two that only return. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup_skb/egress")
int pass_sent(struct __sk_buff *skb)
{
	return 1;
}

SEC("cgroup_skb/ingress")
int pass_received(struct __sk_buff *skb)
{
	return 1;
}

char _license[] SEC("license") = "Dual MIT/GPL";

import type { Cgroup } from './cgroup.js'
import { attachToConnect } from './connect-program.js'

/** Returns 0, which denies, for every connect over IPv4: include/uapi/linux/bpf.h, BPF_CGROUP_INET4_CONNECT. */
const PROGRAM = `
__attribute__((section("cgroup/connect4"), used)) int deny(void *context) { return 0; }
char _license[] __attribute__((section("license"), used)) = "GPL";`

/** Attaches a BPF program to a cgroup that denies all connects over IPv4, until the test ends. */
export function denyConnects(cgroup: Pick<Cgroup, 'directory'>): void {
  attachToConnect(cgroup, { source: PROGRAM, functions: { connect4: 'deny' } })
}

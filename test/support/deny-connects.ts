import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Cgroup } from './cgroup.js'
import { mount } from './mount.js'
import { makeTemporaryDirectory } from './temporary-directory.js'

/** Answers 0, which is no, to every connect over IPv4: include/uapi/linux/bpf.h, BPF_CGROUP_INET4_CONNECT. */
const PROGRAM = `
__attribute__((section("cgroup/connect4"), used)) int deny(void *context) { return 0; }
char _license[] __attribute__((section("license"), used)) = "GPL";`

/** Has a BPF program of a cgroup forbid all connects over IPv4, until the test ends. */
export function denyConnects({ directory }: Cgroup): void {
  const objects = makeTemporaryDirectory()
  const pins = makeTemporaryDirectory()
  mount(pins, ['-t', 'bpf', 'none'])
  const [object, pinned] = [join(objects, 'deny.o'), join(pins, 'deny')]
  execFileSync('clang', ['-O2', '-g', '-target', 'bpf', '-x', 'c', '-c', '-', '-o', object], { input: PROGRAM })
  execFileSync('bpftool', ['prog', 'load', object, pinned])
  // It goes with its cgroup.
  execFileSync('bpftool', ['cgroup', 'attach', directory, 'connect4', 'pinned', pinned])
}

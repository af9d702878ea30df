import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Cgroup } from './cgroup.js'
import { mount } from './mount.js'
import { makeTemporaryDirectory } from './temporary-directory.js'

/** BPF programs on connect(2), in C. */
interface ConnectPrograms {
  readonly source: string
  /** Functions by attach type: `{ connect4: 'deny' }` */
  readonly functions: Readonly<Partial<Record<'connect4' | 'connect6', string>>>
  readonly options?: readonly string[]
}

/** Attaches BPF programs on connect(2) to a cgroup. They disappear with the cgroup. */
export function attachToConnect(
  { directory }: Pick<Cgroup, 'directory'>,
  { source, functions, options = [] }: ConnectPrograms,
): void {
  const objects = makeTemporaryDirectory()
  const pins = makeTemporaryDirectory()
  mount(pins, ['-t', 'bpf', 'none'])
  const object = join(objects, 'programs.o')
  const headers = `-I/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
  execFileSync('clang', ['-O2', '-g', '-target', 'bpf', headers, ...options, '-x', 'c', '-c', '-', '-o', object], {
    input: source,
  })
  execFileSync('bpftool', ['prog', 'loadall', object, join(pins, 'all')])
  for (const [type, name] of Object.entries(functions)) {
    execFileSync('bpftool', ['cgroup', 'attach', directory, type, 'pinned', join(pins, 'all', name)])
  }
}

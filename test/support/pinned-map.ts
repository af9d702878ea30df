import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { mount } from './mount.js'
import { makeTemporaryDirectory } from './temporary-directory.js'

/** A BPF map pinned in a file system of its own, as users of bcc's --cgroupmap and --mntnsmap create it. */
export interface PinnedMap {
  readonly path: string
  add(key: bigint | number): void
  remove(key: bigint | number): void
}

export interface PinnedMapShape {
  readonly type?: string
  readonly keyBytes?: number
  readonly valueBytes?: number
}

/** Removed at the end of the test, with its file system. */
export function pinMap({ type = 'hash', keyBytes = 8, valueBytes = 8 }: PinnedMapShape): PinnedMap {
  const directory = makeTemporaryDirectory()
  mount(directory, ['-t', 'bpf', 'none'])
  const path = join(directory, 'map')
  const shape = `type ${type} key ${keyBytes} value ${valueBytes} entries 64 name test flags 0`
  bpftool(`map create ${path} ${shape}`)
  return {
    path,
    add: (key) => bpftool(`map update pinned ${path} key ${hex(key, keyBytes)} value ${hex(1, valueBytes)}`),
    remove: (key) => bpftool(`map delete pinned ${path} key ${hex(key, keyBytes)}`),
  }
}

function bpftool(args: string): void {
  execFileSync('bpftool', args.split(' '))
}

/** Little-endian bytes, in the format of bpftool. */
function hex(value: bigint | number, bytes: number): string {
  const digits = BigInt(value)
    .toString(16)
    .padStart(bytes * 2, '0')
    .match(/../g) as string[]
  return `hex ${digits.toReversed().join(' ')}`
}

import { readFileSync, readdirSync } from 'node:fs'

/** glibc, and musl under the names of its own, of Alpine and of Debian. */
const LIBC =
  /\/(?:libc\.so\.6|libc-2\.\d+\.so|ld-musl-[\w-]+\.so\.1|libc\.musl-[\w-]+\.so\.1|[\w-]+-linux-musl\w*\/libc\.so)$/
const DELETED = / \(deleted\)$/

/** A file that a process has mapped under the name of a libc. */
export interface MappedLibc {
  /** Device and inode number, as /proc/PID/maps has them */
  readonly file: string
  readonly inode: number
  readonly path: string
  /** Name of one of its mappings in /proc/PID/map_files */
  readonly mapping: string
}

/** Where a process has a libc. */
export interface LibcPlace {
  /**
   * The path of a mapping, which leads to the file itself, whatever root the process has, also when its name is gone: for
   * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE alone
   */
  readonly mapping: string
  /** Where it may be as well, if the inode number is the same */
  readonly paths: readonly string[]
}

/** A libc in use. */
export interface FoundLibc {
  readonly inode: number
  /** With some of the processes that use it: any of them may have ended since */
  readonly places: readonly LibcPlace[]
}

/** Processes of which it is known where they have a libc. */
const MAX_PLACES = 3

/**
 * The different libcs that the processes of this host have mapped, containers included: those that most of them use come
 * first. Processes of other users are seen by root, or with CAP_SYS_PTRACE.
 */
export function findLibcs(): FoundLibc[] {
  const found = new Map<string, { inode: number; places: LibcPlace[]; processCount: number }>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const libc of readMappedLibcs(readMaps(pid))) {
      const known = found.get(libc.file) ?? { inode: libc.inode, places: [], processCount: 0 }
      found.set(libc.file, known)
      known.processCount++
      if (known.places.length < MAX_PLACES) known.places.push(locate(pid, libc))
    }
  }
  return [...found.values()].toSorted((a, b) => b.processCount - a.processCount)
}

/** In another mount namespace the root of the process leads to it, after a chroot(2) in this one the path alone. */
function locate(pid: string, { mapping, path }: MappedLibc): LibcPlace {
  return { mapping: `/proc/${pid}/map_files/${mapping}`, paths: [`/proc/${pid}/root${path}`, path] }
}

/** Of a text like /proc/PID/maps: each file once. */
export function readMappedLibcs(maps: string): MappedLibc[] {
  const libcs = new Map<string, MappedLibc>()
  for (const line of maps.split('\n')) {
    const [range = '', , , device, inode, ...words] = line.split(/ +/)
    const path = words.join(' ').replace(DELETED, '')
    const file = `${device} ${inode}`
    if (!LIBC.test(path) || libcs.has(file)) continue
    // Addresses are padded in one place, and must not be in the other.
    libcs.set(file, { file, inode: Number(inode), path, mapping: range.replaceAll(/\b0+(?=[\da-f])/g, '') })
  }
  return [...libcs.values()]
}

function readMaps(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
  } catch {
    return ''
  }
}

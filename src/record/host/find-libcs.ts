import { readFileSync, readdirSync } from 'node:fs'

/** File names of glibc, and of musl in upstream, Alpine and Debian. */
const LIBC =
  /\/(?:libc\.so\.6|libc-2\.\d+\.so|ld-musl-[\w-]+\.so\.1|libc\.musl-[\w-]+\.so\.1|[\w-]+-linux-musl\w*\/libc\.so)$/
const DELETED = / \(deleted\)$/

/** A file that a process has mapped under the name of a libc. */
export interface MappedLibc {
  /** Device and inode number as in /proc/PID/maps */
  readonly file: string
  readonly inode: number
  readonly path: string
  /** Name of one of its mappings in /proc/PID/map_files */
  readonly mapping: string
}

/** Location of a libc in a process. */
export interface LibcPlace {
  /**
   * Path of the mapping, which leads to the file regardless of the root directory and of its removal; requires
   * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE
   */
  readonly mapping: string
  /** Other candidates, valid if the inode number matches */
  readonly paths: readonly string[]
}

/** A libc in use. */
export interface FoundLibc {
  readonly inode: number
  /** Some of the processes that use it; each may have exited */
  readonly places: readonly LibcPlace[]
}

/** Errors for a process that this user cannot inspect */
const REFUSED: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])

/** Limit of processes stored per libc. */
const MAX_PLACES = 3

/**
 * The different libcs mapped by the processes of this host, including containers, most used first. Processes of other
 * users require root or CAP_SYS_PTRACE.
 * @param noteHidden called for each process that cannot be inspected
 * @param readText as `readFileSync`
 */
export function findLibcs(
  noteHidden: () => void = () => {},
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): FoundLibc[] {
  const found = new Map<string, { inode: number; places: LibcPlace[]; processCount: number }>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const libc of readMappedLibcs(readMaps(() => readText(`/proc/${pid}/maps`), noteHidden))) {
      const known = found.get(libc.file) ?? { inode: libc.inode, places: [], processCount: 0 }
      found.set(libc.file, known)
      known.processCount++
      if (known.places.length < MAX_PLACES) known.places.push(locate(pid, libc))
    }
  }
  return [...found.values()].toSorted((a, b) => b.processCount - a.processCount)
}

/**
 * In another mount namespace the process root leads to the file; after a chroot(2) in this namespace only the path
 * does.
 */
function locate(pid: string, { mapping, path }: MappedLibc): LibcPlace {
  return { mapping: `/proc/${pid}/map_files/${mapping}`, paths: [`/proc/${pid}/root${path}`, path] }
}

/** Parses /proc/PID/maps: each file once. */
export function readMappedLibcs(maps: string): MappedLibc[] {
  const libcs = new Map<string, MappedLibc>()
  for (const line of maps.split('\n')) {
    const [range = '', , , device, inode, ...words] = line.split(/ +/)
    const path = words.join(' ').replace(DELETED, '')
    const file = `${device} ${inode}`
    if (!LIBC.test(path) || libcs.has(file)) continue
    // The kernel pads addresses in maps, but not in map_files.
    libcs.set(file, { file, inode: Number(inode), path, mapping: range.replaceAll(/\b0+(?=[\da-f])/g, '') })
  }
  return [...libcs.values()]
}

function readMaps(read: () => string, noteHidden: () => void): string {
  try {
    return read()
  } catch (error) {
    // Any other error: the process has exited.
    if (REFUSED.has((error as NodeJS.ErrnoException).code ?? '')) noteHidden()
    return ''
  }
}

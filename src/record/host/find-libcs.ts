import { readFileSync, readdirSync } from 'node:fs'

/** glibc, and musl under the names of its own, of Alpine and of Debian. */
const LIBC =
  /\/(?:libc\.so\.6|libc-2\.\d+\.so|ld-musl-[\w-]+\.so\.1|libc\.musl-[\w-]+\.so\.1|[\w-]+-linux-musl\w*\/libc\.so)$/

/**
 * Paths of the different libcs that the processes of this host have mapped, containers included: each by the root of a
 * process that uses it. Processes of others are seen by root alone.
 */
export function findLibcs(): string[] {
  const found = new Map<string, string>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const { file, path } of readMappedLibcs(readMaps(pid))) {
      if (!found.has(file)) found.set(file, `/proc/${pid}/root${path}`)
    }
  }
  return [...found.values()]
}

/** Of a text like /proc/PID/maps: files, as device and inode number, and their paths. */
export function readMappedLibcs(maps: string): { file: string; path: string }[] {
  const libcs = new Map<string, string>()
  for (const line of maps.split('\n')) {
    const [, , , device, inode, ...words] = line.split(/ +/)
    const path = words.join(' ')
    if (LIBC.test(path)) libcs.set(`${device} ${inode}`, path)
  }
  return [...libcs].map(([file, path]) => ({ file, path }))
}

function readMaps(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
  } catch {
    return ''
  }
}

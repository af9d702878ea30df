import { readFileSync } from 'node:fs'

/** A line of /proc/self/mountinfo. */
export interface Mount {
  readonly path: string
  /** File system type: ext4, cgroup2 */
  readonly type: string
}

/** Mounts of this process, oldest first. proc_pid_mountinfo(5) */
export function readMounts(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , , path] = before.split(' ')
    const [type] = after.split(' ')
    return path && type ? [{ path: unescapePath(path), type }] : []
  })
}

/** Blanks and some other characters are written as \040. */
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

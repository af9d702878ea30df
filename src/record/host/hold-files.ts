import { closeSync, fstatSync, openSync } from 'node:fs'

/** uapi/asm-generic/fcntl.h; Node has no name for it. */
const O_PATH = 0o10000000

/** Files that paths led to, whatever these lead to by now. */
export interface HeldFiles {
  /** One for each of them, good as long as they are held. */
  readonly paths: readonly string[]
  close(): void
}

/**
 * Holds the regular files among what stands at some paths, without opening them: where somebody else has the say over a path,
 * to open it could wait for ever, as a FIFO makes one wait, or wake a device.
 */
export function holdFiles(paths: readonly string[]): HeldFiles {
  const fds = paths.flatMap((path) => holdFile(path) ?? [])
  return { paths: fds.map((fd) => `/proc/self/fd/${fd}`), close: () => fds.forEach((fd) => closeSync(fd)) }
}

function holdFile(path: string): number | null {
  try {
    const fd = openSync(path, O_PATH)
    if (fstatSync(fd).isFile()) return fd
    closeSync(fd)
  } catch {
    // It is gone by now.
  }
  return null
}

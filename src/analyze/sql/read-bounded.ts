import { closeSync, openSync, readSync } from 'node:fs'

const MAX_BYTES = 1 << 20

/**
 * Reads a text file of up to 1 MB. Devices and files in /proc report a size of 0 and may be endless.
 * @throws Error for a longer file; errors of the system
 */
export function readBoundedText(path: string): string {
  const bytes = Buffer.allocUnsafe(MAX_BYTES + 1)
  const fd = openSync(path, 'r')
  let length = 0
  try {
    while (length <= MAX_BYTES) {
      const count = readSync(fd, bytes, length, bytes.length - length, null)
      if (count === 0) return bytes.toString('utf8', 0, length)
      length += count
    }
  } finally {
    closeSync(fd)
  }
  throw new Error('it is larger than 1 MB')
}

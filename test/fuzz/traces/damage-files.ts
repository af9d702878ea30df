import { readFileSync, writeFileSync } from 'node:fs'

/**
 * A change of one byte: three bytes for the position, one byte for the bits that flip. The position at which a file is
 * truncated may follow.
 */
const CHANGE_BYTES = 4
const MAX_CHANGES = 20

/** Files that are damaged as if they were one file. Each damage starts from the original content. */
export interface DamagedFiles {
  readonly lengthBytes: number
  write(input: Uint8Array): void
}

export function damageFiles(paths: readonly string[]): DamagedFiles {
  const files = paths.map((path) => readFileSync(path))
  const whole = Buffer.concat(files)
  return {
    lengthBytes: whole.length,
    write(input) {
      const damaged = Buffer.from(whole)
      const changes = Math.min(MAX_CHANGES, Math.floor(input.length / CHANGE_BYTES))
      for (let i = 0; i < changes; i++) flipBits(damaged, input.subarray(i * CHANGE_BYTES))
      const cutAt = cutOf(input.subarray(changes * CHANGE_BYTES), whole.length)
      let from = 0
      for (const [i, path] of paths.entries()) {
        const to = from + (files[i] as Buffer).length
        writeFileSync(path, damaged.subarray(from, from <= cutAt && cutAt < to ? cutAt : to))
        from = to
      }
    },
  }
}

/** An input that changes one byte. */
export function changeOf(at: number, mask: number): number[] {
  return [at >> 16, (at >> 8) & 255, at & 255, mask]
}

function flipBits(bytes: Uint8Array, change: Uint8Array): void {
  const [high, middle, low, mask] = change as unknown as [number, number, number, number]
  const at = ((high << 16) | (middle << 8) | low) % bytes.length
  bytes[at] = (bytes[at] as number) ^ mask
}

/** Beyond the end if nothing is truncated. */
function cutOf([high, low]: Uint8Array, lengthBytes: number): number {
  return high === undefined || low === undefined
    ? lengthBytes
    : Math.floor((lengthBytes * ((high << 8) | low)) / 65_536)
}

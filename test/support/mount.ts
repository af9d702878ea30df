import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

/**
 * Mounts onto `directory` until the test ends.
 * @param args of mount(8), without the directory: `['-t', 'tmpfs', '-o', 'size=2m', 'none']`
 */
export function mount(directory: string, args: readonly string[]): void {
  execFileSync('mount', [...args, directory])
  // Lazily: a failed test may have left a process inside.
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]))
}

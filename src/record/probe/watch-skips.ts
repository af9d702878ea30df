import { messageOf } from '../../errors.js'
import { safeLine } from '../../show/safe-text.js'
import type { Approach } from './approach.js'
import type { ProbeObject } from './probe-object.js'
import { createSkipWatch, readRecursionMisses, type SkipWatch } from './skipped-runs.js'

/** What makes a recording more exact must not end it: without it attempts stay inexact, or pending. */
export function tryTo(step: () => void): void {
  try {
    step()
  } catch (error) {
    process.stderr.write(`note: ${safeLine(messageOf(error))}\n`)
  }
}

/** Watches the followers of an object that is attached. */
export function watchSkips(object: ProbeObject, { followers, isAdaptive }: Approach): SkipWatch {
  const last = followers.at(-1) as string
  // Where there is one program alone, the kernel skips none.
  if (followers.length === 1) return { tick() {}, skipped: () => null }
  const { libbpf } = object
  const missesOf = (name: string) => readRecursionMisses(libbpf.getInfo, libbpf.programFd(object.program(name)))
  const readMisses = () => {
    const misses = followers.map(missesOf).filter((count) => count !== null)
    if (misses.length < followers.length) return null
    const all = misses.reduce((sum, count) => sum + count)
    return { all, first: misses[0] as number, last: misses.at(-1) as number }
  }
  const attachSecond = () => tryTo(() => object.attach(last))
  return createSkipWatch({ readMisses, attachSecond, detachSecond: () => object.detachOne(last) }, isAdaptive)
}

import { messageOf } from '../../base/errors.js'
import { safeLine } from '../../text/safe-text.js'
import type { Approach } from './approach.js'
import type { ProbeObject } from './probe-object.js'
import { createSkipWatch, readRecursionMisses, type SkipWatch } from './skipped-runs.js'

/**
 * Runs a step that only improves exactness. A failure must not end the recording: attempts stay inexact or pending
 * instead.
 */
export function tryTo(step: () => void): void {
  try {
    step()
  } catch (error) {
    process.stderr.write(`note: ${safeLine(messageOf(error))}\n`)
  }
}

/** Watches the followers of an attached object. */
export function watchSkips(object: ProbeObject, { followers, isAdaptive }: Approach): SkipWatch {
  const last = followers.at(-1) as string
  // The kernel skips no run of a single program.
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

import { Session, type Profiler } from 'node:inspector'

/** Which parts of the source have run so far, as V8 counts them block by block. */
export interface SourceCoverage {
  /** Whether what ran since the last call of this or of `accept` holds a part that was never accepted. */
  hasNew(): boolean
  /** Takes up what the last `hasNew` has seen. */
  accept(): void
  /** How many blocks had run at the last `hasNew` since the one before, each as often as it ran. */
  readonly work: number
}

/**
 * Makes V8 count. It counts the blocks of functions that it compiles from now on: to be called before the module of interest is
 * loaded.
 */
export function startCounting(): Session {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return session
}

/** @param isOurs which scripts are looked at, by their URL */
export function watchCoverage(session: Session, isOurs: (url: string) => boolean): SourceCoverage {
  // By function: a function lies in the range of the one around it, and has run or not by itself.
  const accepted = new Map<string, Uint8Array>()
  let work = 0
  let seen: { readonly part: Uint8Array; readonly from: number; readonly to: number }[] = []

  const acceptedOf = (url: string, { startOffset, endOffset }: Profiler.CoverageRange): Uint8Array => {
    const key = `${url} ${startOffset}`
    const known = accepted.get(key) ?? new Uint8Array(endOffset - startOffset)
    accepted.set(key, known)
    return known
  }
  const look = (url: string, { ranges }: Profiler.FunctionCoverage) => {
    const [whole] = ranges
    if (whole === undefined) return
    for (const { count } of ranges) work += count
    const part = acceptedOf(url, whole)
    for (const executed of executedRanges(ranges)) {
      const [from, to] = [executed.from - whole.startOffset, executed.to - whole.startOffset]
      if (part.subarray(from, to).includes(0)) seen.push({ part, from, to })
    }
  }
  return {
    get work() {
      return work
    },
    hasNew() {
      seen = []
      work = 0
      for (const { url, functions } of takeCoverage(session)) {
        if (isOurs(url)) for (const one of functions) look(url, one)
      }
      return seen.length > 0
    },
    accept() {
      for (const { part, from, to } of seen) part.fill(1, from, to)
      seen = []
    },
  }
}

function takeCoverage(session: Session): Profiler.ScriptCoverage[] {
  let result: Profiler.ScriptCoverage[] = []
  // It answers before it returns.
  session.post('Profiler.takePreciseCoverage', (error, answer) => {
    if (error) throw error
    result = answer.result
  })
  return result
}

/**
 * A range holds for what lies in it, but for the ranges inside of it, which follow. Of optimized functions V8 counts the blocks,
 * not the calls.
 */
function executedRanges(ranges: readonly Profiler.CoverageRange[]): { from: number; to: number }[] {
  const executed: { from: number; to: number }[] = []
  const ends: Profiler.CoverageRange[] = []
  let at = ranges[0]?.startOffset ?? 0
  const upTo = (offset: number) => {
    if (offset > at && (ends.at(-1)?.count ?? 0) > 0) executed.push({ from: at, to: offset })
    at = Math.max(at, offset)
  }
  for (const range of ranges) {
    for (let last = ends.at(-1); last && last.endOffset <= range.startOffset; last = ends.at(-1)) {
      upTo(last.endOffset)
      ends.pop()
    }
    upTo(range.startOffset)
    ends.push(range)
  }
  for (let last = ends.at(-1); last; last = ends.at(-1)) {
    upTo(last.endOffset)
    ends.pop()
  }
  return executed
}

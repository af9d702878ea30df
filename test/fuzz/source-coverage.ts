import { Session, type Profiler } from 'node:inspector'

/** The parts of the source that have been executed, as V8 counts them per block. */
export interface SourceCoverage {
  /** Whether the code executed since the last call of this or of `accept` contains a part that was never accepted. */
  hasNew(): boolean
  /** Accepts what the last `hasNew` found. */
  accept(): void
  /** Number of executed blocks between the last two calls of `hasNew`, counting repetitions. */
  readonly work: number
}

/**
 * Makes V8 count. It counts blocks only of functions that it compiles later: call this before loading the module of
 * interest.
 */
export function startCounting(): Session {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return session
}

/** @param isOurs selects scripts by their URL */
export function watchCoverage(session: Session, isOurs: (url: string) => boolean): SourceCoverage {
  // By function: a function lies in the range of the enclosing one, and is executed independently.
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
  // The callback is called before post() returns.
  session.post('Profiler.takePreciseCoverage', (error, answer) => {
    if (error) throw error
    result = answer.result
  })
  return result
}

/**
 * A range applies to its content except for the nested ranges, which follow it. In optimized functions, V8 counts
 * blocks but not calls.
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

/** Measurements of a recorder at one moment. */
export interface SoakSample {
  readonly elapsedMs: number
  readonly residentBytes: number
  readonly attempts: number
  readonly lost: number
}

/** Memory grows until the first window of a minute is written. */
const WARM_UP_MS = 90_000
/**
 * Allowed growth of resident memory from the first to the last third of the time after that, because V8 uses available
 * memory.
 */
export const MAX_GROWTH_BYTES = 48e6
const MAX_RESIDENT_BYTES = 300e6

const highest = (samples: readonly SoakSample[]) => Math.max(...samples.map(({ residentBytes }) => residentBytes))

/** Growth of memory; `null` for a run that was too short. */
export function memoryGrowth(samples: readonly SoakSample[]): number | null {
  const warm = samples.filter(({ elapsedMs }) => elapsedMs > WARM_UP_MS)
  const third = Math.floor(warm.length / 3)
  return third === 0 ? null : highest(warm.slice(-third)) - highest(warm.slice(0, third))
}

/** The memory of a run, in a line. */
export function describeMemory(samples: readonly SoakSample[]): string {
  const growth = memoryGrowth(samples)
  const change =
    growth === null ? 'too short to tell whether it grows' : `${(growth / 1e6).toFixed(1)} MB more in the end`
  return `memory: at most ${(highest(samples) / 1e6).toFixed(0)} MB, ${change}`
}

/** The end of a run, and the expected load. */
export interface SoakEnd {
  readonly lost: number
  /** The summary of the recorder */
  readonly summary: string
  readonly hasIpv6: boolean
  readonly wanted: {
    readonly outcomes: readonly string[]
    /** Attempts per second */
    readonly rate: number
  }
}

/** Describes what is wrong with a run; empty if it passes. */
export function judgeSoak(samples: readonly SoakSample[], end: SoakEnd): string[] {
  const growth = memoryGrowth(samples) ?? 0
  const faults = [
    end.lost > 0 && `${end.lost} attempts were lost`,
    growth > MAX_GROWTH_BYTES &&
      `memory grew by ${(growth / 1e6).toFixed(0)} MB; ${MAX_GROWTH_BYTES / 1e6} MB are allowed`,
    highest(samples) > MAX_RESIDENT_BYTES && `memory rose above ${MAX_RESIDENT_BYTES / 1e6} MB`,
    !/^completeness: .* = the kernel's /m.test(end.summary) && 'what was recorded is not what the kernel counted',
    ...judgeLoad(samples, end),
  ]
  return faults.filter((fault) => fault !== false)
}

/** A run that recorded only a part of the load proves little. */
function judgeLoad(samples: readonly SoakSample[], { summary, hasIpv6, wanted }: SoakEnd): (string | false)[] {
  const last = samples.at(-1)
  const rate = last === undefined ? 0 : (last.attempts / last.elapsedMs) * 1000
  return [
    rate < wanted.rate / 2 && `only ${Math.round(rate)} attempts a second were recorded of some ${wanted.rate}`,
    ...wanted.outcomes.map((name) => !hasCount(summary, 'outcomes', name) && `no attempt is ${name}`),
    !hasCount(summary, 'names', 'of') && 'no attempt has a name',
    !hasIpv6 && 'no attempt was made over IPv6',
  ]
}

/** Whether a line of the summary has a number before this word. */
function hasCount(summary: string, line: string, what: string): boolean {
  return new RegExp(`^${line}: (.*, )?[1-9][\\d,]* ${what}\\b`, 'm').test(summary)
}

/** A line of the table. Pure. */
export function formatSample(sample: SoakSample, before: SoakSample | undefined): string {
  const attempts = sample.attempts - (before?.attempts ?? 0)
  const seconds = (sample.elapsedMs - (before?.elapsedMs ?? 0)) / 1000
  const cells = [
    `${(sample.elapsedMs / 60_000).toFixed(1)} min`,
    `${(sample.residentBytes / 1e6).toFixed(0)} MB`,
    `${sample.attempts}`,
    `${Math.round(attempts / seconds)}/s`,
    `${sample.lost} lost`,
  ]
  return cells.map((cell) => cell.padStart(12)).join('')
}

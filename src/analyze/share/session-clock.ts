import type { ValueKind } from './column-rules.js'
import type { Treatment } from './fields.js'

const NS_PER_S = 1_000_000_000n

/** The part of a session that is shared, in ns since the session began; half-open. */
export interface SharedSpan {
  readonly fromNs: number
  /** Infinity: up to its end */
  readonly toNs: number
}

/** The times of one session in the shared trace. */
export interface SessionClock {
  /** The Unix second that an attempt began in, in the sums of the shared trace */
  secondOf(startedNs: number): number
  /** Seconds that are added to Unix seconds */
  readonly shiftSeconds: number
  replace(kind: ValueKind, value: bigint): bigint
  /** SQL for a column with ns since the session began */
  sql(column: string): string
}

interface ClockParts {
  readonly startedUnixNs: bigint
  readonly shiftNs: bigint
  readonly span: SharedSpan
  readonly treatment: Treatment
}

/**
 * Moves the wall clock. The shared session begins where its shared part begins. Where times are rounded, it begins at a whole second
 * and its times are cut to seconds, so that a time stays in its second of Unix time.
 */
export function createSessionClock({ startedUnixNs, shiftNs, span, treatment }: ClockParts): SessionClock {
  const isRounded = treatment.actions.time === 'rounded'
  const fromNs = BigInt(span.fromNs)
  const beginUnixNs = startedUnixNs + fromNs
  const restNs = isRounded ? floorMod(beginUnixNs, NS_PER_S) : 0n
  const addedNs = restNs - fromNs
  const floor = (ns: bigint) => (isRounded ? ns - floorMod(ns, NS_PER_S) : ns)
  const toNs = (ns: bigint) => (span.toNs < Number(ns) ? BigInt(span.toNs) : ns)
  const unixTime = (ns: bigint) => floor(ns - addedNs + (isRounded ? NS_PER_S / 2n : 0n)) + shiftNs
  const replacements: Partial<Record<ValueKind, (ns: bigint) => bigint>> = {
    'unix time': unixTime,
    'unix offset': unixTime,
    time: (ns) => floor(ns + addedNs),
    end: (ns) => floor(toNs(ns) + addedNs + (isRounded ? NS_PER_S - 1n : 0n)),
  }
  const shiftSeconds = Number(shiftNs / NS_PER_S)
  const [baseSecond, restOfSecondNs] = [Number(startedUnixNs / NS_PER_S), Number(startedUnixNs % NS_PER_S)]
  return {
    shiftSeconds,
    secondOf: (startedNs) => baseSecond + Math.floor((startedNs + restOfSecondNs) / 1e9) + shiftSeconds,
    replace: (kind, value) => replacements[kind]?.(value) ?? value,
    sql(column) {
      const sum = `(${column} + ${addedNs})`
      return isRounded ? `${sum} - ((${sum} % ${NS_PER_S} + ${NS_PER_S}) % ${NS_PER_S})` : sum
    },
  }
}

function floorMod(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by
}

import type { ConnectRow } from '../../support/trace.js'
import type { PeerRow } from './bcc-output.js'

/** A connect that both tools report. */
export interface Pair {
  readonly ours: ConnectRow
  readonly theirs: PeerRow
}

/** The rows of two tools, matched by pid, comm, addresses and ports. */
export interface Comparison {
  readonly both: readonly Pair[]
  readonly onlyOurs: readonly ConnectRow[]
  readonly onlyTheirs: readonly PeerRow[]
}

/**
 * A pending attempt has no local port in a trace, because it gets one after it has begun. It matches any port.
 * @param commWidth number of characters of comm that the other tool prints
 */
export function compareRows(ours: readonly ConnectRow[], theirs: readonly PeerRow[], commWidth = 16): Comparison {
  const waiting = new Map<string, ConnectRow[]>()
  for (const row of ours) {
    const key = keyOf(row, commWidth, row.local_port)
    waiting.set(key, [...(waiting.get(key) ?? []), row])
  }
  const both: Pair[] = []
  const onlyTheirs: PeerRow[] = []
  for (const row of theirs) {
    const take = (port: number | null) => waiting.get(keyOf(row, commWidth, port))?.shift()
    const match = take(row.local_port) ?? take(null)
    if (match) both.push({ ours: match, theirs: row })
    else onlyTheirs.push(row)
  }
  return { both, onlyTheirs, onlyOurs: [...waiting.values()].flat() }
}

function keyOf(row: ConnectRow | PeerRow, commWidth: number, local_port: number | null): string {
  const { pid, comm, family, local_address, remote_address, remote_port } = row
  return [pid, comm.slice(0, commWidth), family, local_address, local_port, remote_address, remote_port].join(' ')
}

/** Within 5% of the longer one, or 50 µs. */
export function agrees(a_ns: number, b_ns: number): boolean {
  return Math.abs(a_ns - b_ns) <= Math.max(50_000, 0.05 * Math.max(a_ns, b_ns))
}

/**
 * An interrupt may happen between both measurements of a connect. So few pairs, at least one, may differ by more, and
 * by at most the duration of an interrupt.
 */
const [INTERRUPTED_SHARE, INTERRUPT_NS] = [0.002, 1_000_000]

/** Whether all of these pairs agree, except for the effects of interrupts. */
export function allAgree(pairs: readonly (readonly [a_ns: number, b_ns: number])[]): boolean {
  const unlike = pairs.filter(([a_ns, b_ns]) => !agrees(a_ns, b_ns))
  const mayDiffer = Math.max(1, Math.floor(INTERRUPTED_SHARE * pairs.length))
  return unlike.length <= mayDiffer && unlike.every(([a_ns, b_ns]) => Math.abs(a_ns - b_ns) <= INTERRUPT_NS)
}

/** The smallest value such that at least `percent` of the values are at or below it. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN
}

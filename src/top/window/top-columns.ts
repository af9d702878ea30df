import { formatDuration } from '../../text/format-duration.js'
import { formatCount } from '../../text/format-number.js'
import type { TopRow } from './group-window.js'
import type { RowLatencies } from './row-latencies.js'

/** A row with all values of its columns. */
export interface FullRow extends TopRow, RowLatencies {}

/** A column of numbers. The first column, the name of the row, and the last, the sparkline, are not in this list. */
export interface TopColumn {
  readonly name: string
  readonly heading: string
  /** One line of the help */
  readonly meaning: string
  /** Cells that it takes; a longer value takes more */
  readonly width: number
  /** Columns with the lowest number go first on a narrow terminal. */
  readonly leaveOut: number
  /** Sorts rows; `null` comes last in both directions */
  value(row: TopRow, latencies: RowLatencies): number | null
  text(row: FullRow): string
  /** Whether a value is bad news */
  isFailure?(row: FullRow): boolean
}

export const TOP_COLUMNS: readonly TopColumn[] = [
  {
    ...rate(({ attempts }) => attempts),
    name: 'attempts',
    heading: 'ATT/S',
    meaning: 'attempts that ended, per second',
    width: 7,
    leaveOut: 9,
  },
  {
    ...rate(({ failed }) => failed),
    name: 'failures',
    heading: 'FAIL/S',
    meaning: 'failed attempts per second',
    width: 6,
    leaveOut: 2,
    isFailure: ({ failed }) => failed > 0,
  },
  {
    name: 'failed_percent',
    heading: 'FAIL%',
    meaning: 'failed attempts of all that ended',
    width: 6,
    leaveOut: 8,
    value: failedShare,
    text: (row) => {
      const share = failedShare(row)
      return share === null ? '-' : `${(share * 100).toFixed(1)}%`
    },
    isFailure: ({ failed }) => failed > 0,
  },
  {
    ...latency(({ p50Ns }) => p50Ns),
    name: 'p50',
    heading: 'P50',
    meaning: 'median latency of established attempts',
    leaveOut: 4,
  },
  {
    ...latency(({ p99Ns }) => p99Ns),
    name: 'p99',
    heading: 'P99',
    meaning: '99% of established attempts took at most this long',
    leaveOut: 7,
  },
  {
    ...count(({ synRetransmits }) => synRetransmits),
    name: 'syn_retransmits',
    heading: 'RETR',
    meaning: 'SYNs sent again',
    width: 5,
    leaveOut: 6,
  },
  {
    ...count(({ pending }) => pending),
    name: 'pending',
    heading: 'PEND',
    meaning: 'attempts that have waited for more than 200 ms',
    width: 4,
    leaveOut: 1,
  },
]

/** The columns that hold percentiles: sorting by one of them needs those of every row. */
export function isLatencyColumn({ name }: TopColumn): boolean {
  return name === 'p50' || name === 'p99'
}

/** Events per second for people, in at most four characters below 10,000: `0.02`, `9.5`, `28,000`. */
export function formatPerSecond(perSecond: number): string {
  if (perSecond === 0) return '0'
  if (perSecond < 0.095) return perSecond.toFixed(2)
  return perSecond < 9.95 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))
}

function failedShare({ failed, attempts }: TopRow): number | null {
  return attempts === 0 ? null : failed / attempts
}

type Values = Pick<TopColumn, 'value' | 'text'>

function rate(countOf: (row: TopRow) => number): Values {
  const perSecond = (row: TopRow) => (row.seconds === 0 ? 0 : countOf(row) / row.seconds)
  return { value: perSecond, text: (row) => formatPerSecond(perSecond(row)) }
}

function count(countOf: (row: TopRow) => number): Values {
  return { value: countOf, text: (row) => formatCount(countOf(row)) }
}

function latency(ns: (latencies: RowLatencies) => number | null): Values & Pick<TopColumn, 'width'> {
  return { width: 7, value: (_, latencies) => ns(latencies), text: (row) => formatDuration(ns(row)) }
}

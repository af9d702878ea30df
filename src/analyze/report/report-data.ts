import type { ColumnKind } from '../result/result.js'

/** A table of the page. Times are Unix µs: ns of today do not fit a double. */
export interface ReportTable {
  readonly id: string
  readonly title: string
  readonly columns: readonly { readonly name: string; readonly heading: string; readonly kind: ColumnKind }[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  /** Rows that the limit left out */
  readonly hiddenRows: number
  readonly notes: readonly string[]
  /** Text of a table without rows */
  readonly whenEmpty: string
}

/** How attempts went, by interval. */
export interface ReportSeries {
  readonly attempts: readonly number[]
  readonly failed: readonly number[]
  /** ns, three significant digits; `null` without a latency */
  readonly p50: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
}

/** Intervals of a series: Unix seconds, and the seconds of each that were recorded. */
export interface ReportTimes {
  readonly starts: readonly number[]
  readonly lengths: readonly number[]
}

/** The timeline and the distribution of one endpoint. */
export interface ReportEndpoint extends ReportSeries {
  readonly name: string
  /** Latencies by band */
  readonly bands: readonly number[]
}

/** One trace, or one side of a comparison. */
export interface ReportSide {
  readonly name: string
  /** Lines about missing data, above everything else */
  readonly warnings: readonly string[]
  /** The figures that matter most, with their labels */
  readonly figures: readonly (readonly [label: string, text: string])[]
  readonly facts: readonly { readonly title: string; readonly lines: readonly (readonly [string, string])[] }[]
  readonly notes: readonly string[]
  readonly times: ReportTimes
  readonly timeline: ReportSeries
  /** By interval of the timeline: attempts by band of latency */
  readonly heatmap: readonly (readonly number[])[]
  readonly endpointTimes: ReportTimes
  /** In the order of the rows of the table `endpoints` */
  readonly endpoints: readonly ReportEndpoint[]
  readonly tables: readonly ReportTable[]
}

/** All that a page shows. */
export interface ReportData {
  readonly title: string
  /** What made it, and when */
  readonly made: string
  /** Bands of latency, ns: an edge more than bands; the same for all sides */
  readonly edges: readonly number[]
  /** One, or the one before and the one after */
  readonly sides: readonly ReportSide[]
  /** Of two sides: what changed */
  readonly changes: ReportTable | null
}

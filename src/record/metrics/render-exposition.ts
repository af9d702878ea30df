import { createByteBuffer, putBytes, reserve, writtenBytes, type ByteBuffer } from '../../sums/byte-buffer.js'
import { CLASSIC_BOUNDS_NS } from './classic-buckets.js'
import type { Durations } from './durations.js'
import { prometheusName, type Attributes, type Family, type Metric } from './metric.js'

/** The formats that Prometheus asks for. */
export type ExpositionFormat = 'text' | 'openmetrics'

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

const NS_PER_S = 1e9
const MAX_DIGITS = 16
const NEWLINE = 10
const DIGIT_0 = 48

/** Ends of the lines of a histogram, up to the count: whole ns as seconds, without an exponent and without rounding. */
const BUCKET_ENDS = [...CLASSIC_BOUNDS_NS.map((boundNs) => secondsOf(boundNs)), '+Inf'].map((bound) =>
  Buffer.from(`le="${bound}"} `),
)

/** Text of a scrape. The recording waits while it is made: it is copied from bytes of the scrape before. */
export interface Renderer {
  render(families: readonly Family[], format: ExpositionFormat): Uint8Array
}

/** Starts of the lines of a series. */
interface Starts {
  /** `name{labels,` */
  readonly bucket: Uint8Array
  /** `name_sum{labels} ` */
  readonly sum: Uint8Array
  readonly count: Uint8Array
}

/** Keeps the text of labels: a series has the same `attributes` object in every scrape. */
export function createRenderer(): Renderer {
  const numbers = createTexts((name, labels) => Buffer.from(`${name}${braced(labels)} `))
  const histograms = createTexts((name, labels): Starts => ({
    bucket: Buffer.from(`${name}_bucket{${labels}${labels === '' ? '' : ','}`),
    sum: Buffer.from(`${name}_sum${braced(labels)} `),
    count: Buffer.from(`${name}_count${braced(labels)} `),
  }))
  return {
    render(families, format) {
      const out = createByteBuffer(65_536)
      for (const { metric, points } of families) {
        putBytes(out, Buffer.from(renderHead(metric, format)))
        const name = prometheusName(metric)
        for (const { attributes, value } of points) {
          if (typeof value === 'number') putLine(out, numbers(name, attributes), value)
          else putHistogram(out, histograms(name, attributes), value)
        }
      }
      if (format === 'openmetrics') putBytes(out, Buffer.from('# EOF\n'))
      return writtenBytes(out)
    },
  }
}

function createTexts<Text>(make: (name: string, labels: string) => Text) {
  const known = new WeakMap<Attributes, Map<string, Text>>()
  return (name: string, attributes: Attributes): Text => {
    let texts = known.get(attributes)
    if (texts === undefined) known.set(attributes, (texts = new Map()))
    let text = texts.get(name)
    if (text === undefined) texts.set(name, (text = make(name, renderLabels(attributes))))
    return text
  }
}

/** OpenMetrics names the family of a counter without `_total`, and has units. */
function renderHead(metric: Metric, format: ExpositionFormat): string {
  const full = prometheusName(metric)
  const name = format === 'openmetrics' ? full.replace(/_total$/, '') : full
  const unit = format === 'openmetrics' && metric.unit === 's' ? `# UNIT ${name} seconds\n` : ''
  return `# HELP ${name} ${metric.description}\n# TYPE ${name} ${metric.kind}\n${unit}`
}

function putLine(out: ByteBuffer, start: Uint8Array, count: number): void {
  putBytes(out, start)
  putCount(out, count)
}

/** Buckets are cumulative. */
function putHistogram(out: ByteBuffer, starts: Starts, { classic, count, sumNs }: Durations): void {
  let below = 0
  for (let i = 0; i < BUCKET_ENDS.length; i++) {
    below += classic?.[i] ?? 0
    putBytes(out, starts.bucket)
    putLine(out, BUCKET_ENDS[i] as Uint8Array, below)
  }
  putBytes(out, starts.sum)
  putBytes(out, Buffer.from(`${secondsOf(sumNs)}\n`))
  putLine(out, starts.count, count)
}

/** A whole number below 2^53, and the end of the line. */
function putCount(out: ByteBuffer, count: number): void {
  reserve(out, MAX_DIGITS + 1)
  const { bytes, length } = out
  let digits = 1
  for (let limit = 10; count >= limit; limit *= 10) digits++
  let rest = count
  for (let at = length + digits - 1; at >= length; at--) {
    const next = Math.floor(rest / 10)
    bytes[at] = DIGIT_0 + (rest - next * 10)
    rest = next
  }
  bytes[length + digits] = NEWLINE
  out.length = length + digits + 1
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function renderLabels(attributes: Attributes): string {
  return attributes.map(([name, value]) => `${name.replaceAll('.', '_')}="${escapeValue(value)}"`).join(',')
}

/** Of a label value, in both formats. */
function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function secondsOf(ns: number): string {
  const whole = Math.floor(ns / NS_PER_S)
  return `${whole}.${String(ns % NS_PER_S).padStart(9, '0')}`.replace(/\.?0+$/, '') || '0'
}

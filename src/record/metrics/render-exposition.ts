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
/** Whole ns as seconds, without an exponent and without rounding. */
const BUCKET_ENDS = [...CLASSIC_BOUNDS_NS.map((boundNs) => secondsOf(boundNs)), '+Inf'].map(
  (bound) => `le="${bound}"} `,
)

/** Text of a scrape. */
export interface Renderer {
  render(families: readonly Family[], format: ExpositionFormat): string
}

/** Keeps the text of labels: a series has the same `attributes` object in every scrape. */
export function createRenderer(): Renderer {
  const known = new WeakMap<Attributes, string>()
  const labelsOf = (attributes: Attributes): string => {
    let text = known.get(attributes)
    if (text === undefined) known.set(attributes, (text = renderLabels(attributes)))
    return text
  }
  return {
    render(families, format) {
      const parts = families.map(
        ({ metric, points }) =>
          renderHead(metric, format) +
          points
            .map(({ attributes, value }) => renderPoint(prometheusName(metric), labelsOf(attributes), value))
            .join(''),
      )
      return parts.join('') + (format === 'openmetrics' ? '# EOF\n' : '')
    },
  }
}

/** OpenMetrics names the family of a counter without `_total`, and has units. */
function renderHead(metric: Metric, format: ExpositionFormat): string {
  const full = prometheusName(metric)
  const name = format === 'openmetrics' ? full.replace(/_total$/, '') : full
  const unit = format === 'openmetrics' && metric.unit === 's' ? `# UNIT ${name} seconds\n` : ''
  return `# HELP ${name} ${metric.description}\n# TYPE ${name} ${metric.kind}\n${unit}`
}

function renderPoint(name: string, labels: string, value: number | Durations): string {
  return typeof value === 'number' ? `${name}${braced(labels)} ${value}\n` : renderHistogram(name, labels, value)
}

/** Buckets are cumulative. */
function renderHistogram(name: string, labels: string, { classic, count, sumNs }: Durations): string {
  const start = `${name}_bucket{${labels}${labels === '' ? '' : ','}`
  let text = ''
  let below = 0
  for (let i = 0; i < BUCKET_ENDS.length; i++) {
    below += classic?.[i] ?? 0
    text += `${start}${BUCKET_ENDS[i]}${below}\n`
  }
  return `${text}${name}_sum${braced(labels)} ${secondsOf(sumNs)}\n${name}_count${braced(labels)} ${count}\n`
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

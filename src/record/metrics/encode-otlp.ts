import { TOOL_VERSION } from '../../base/package.js'
import type { Durations } from './durations.js'
import type { Attributes, Family, Metric, Point } from './metric.js'

/** AGGREGATION_TEMPORALITY_CUMULATIVE: counts since `startTimeUnixNano`, so that a lost request loses nothing. */
const CUMULATIVE = 2
const NS_PER_S = 1e9

/**
 * Body of a request to /v1/metrics, in the JSON encoding of OTLP 1.x: 64-bit integers as text, names in lowerCamelCase
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
 * @param host name of this host
 */
export function encodeOtlp(families: readonly Family[], host: string, nowMs: number): string {
  const resource = [
    ['service.name', 'tcpconn'],
    ['service.version', TOOL_VERSION],
    ['host.name', host],
  ] as const
  return JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: encodeAttributes(resource) },
        scopeMetrics: [
          {
            scope: { name: 'tcpconn', version: TOOL_VERSION },
            metrics: families
              .filter(({ points }) => points.length > 0)
              .map(({ metric, points }) => encodeMetric(metric, points, nowMs)),
          },
        ],
      },
    ],
  })
}

function encodeMetric({ name, unit, kind, description }: Metric, points: readonly Point[], nowMs: number) {
  const dataPoints = points.map(({ attributes, startedMs, value }) => ({
    ...(attributes.length > 0 ? { attributes: encodeAttributes(attributes) } : {}),
    startTimeUnixNano: nanoseconds(startedMs),
    timeUnixNano: nanoseconds(nowMs),
    ...(typeof value === 'number' ? { asInt: String(value) } : encodeDurations(value)),
  }))
  const data =
    kind === 'counter'
      ? { sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }
      : { exponentialHistogram: { dataPoints, aggregationTemporality: CUMULATIVE } }
  return { name, description, unit, ...data }
}

function encodeDurations({ count, sumNs, minNs, maxNs, exponential }: Durations) {
  const { scale, zeroCount, offset } = exponential ?? { scale: 0, zeroCount: 0, offset: 0 }
  return {
    count: String(count),
    sum: sumNs / NS_PER_S,
    min: minNs / NS_PER_S,
    max: maxNs / NS_PER_S,
    scale,
    zeroCount: String(zeroCount),
    positive: { offset, bucketCounts: Array.from(exponential?.counts() ?? [], String) },
  }
}

function encodeAttributes(attributes: Attributes) {
  return attributes.map(([key, value]) => ({ key, value: { stringValue: value } }))
}

function nanoseconds(unixMs: number): string {
  return `${Math.floor(unixMs)}000000`
}

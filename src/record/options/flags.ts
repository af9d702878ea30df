import type { OptionDeclaration } from '../../options/filters.js'
import { METRIC_DIMENSIONS } from './parse-metrics.js'

/** Filters run in the kernel. A filtered attempt costs almost nothing. */
export const MAP_FILTERS: readonly OptionDeclaration[] = [
  {
    flags: '--cgroupmap <path>',
    takes: 'one',
    description: "only cgroups in this pinned BPF map, as in bcc's tools",
  },
  {
    flags: '--mntnsmap <path>',
    takes: 'one',
    description: "only mount namespaces in this pinned BPF map, as in bcc's tools",
  },
]

/** Options of `record` for metrics. */
export const METRICS_FLAGS: readonly OptionDeclaration[] = [
  {
    flags: '--metrics <address>',
    takes: 'one',
    description: 'serve metrics for Prometheus at this address: 127.0.0.1:9435, unix:/run/tcpconn/metrics.sock',
  },
  {
    flags: '--metrics-by <labels>',
    takes: 'list',
    description: `with --metrics or --otlp: labels of attempts: ${METRIC_DIMENSIONS.join(', ')}; at most 2,000 series`,
  },
  {
    flags: '--otlp <url>',
    takes: 'one',
    description: 'send metrics to this OpenTelemetry receiver each minute: http://127.0.0.1:4318',
  },
  {
    flags: '--otlp-headers-file <file>',
    takes: 'one',
    description: 'with --otlp: send the headers in this file, for example with a password; one per line, Name: value',
  },
]

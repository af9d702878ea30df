import { safeLine } from '../../text/safe-text.js'
import type { Display } from '../session/run-session.js'
import type { CommittedBatch, LookupObserver } from '../session/pump.js'
import type { Session } from '../session/begin-session.js'
import type { UserNames } from '../host/user-names.js'
import type { MetricsOptions } from '../options/parse-metrics.js'
import { createEventAttempts } from '../top/event-attempts.js'
import { createAttemptCounts } from './attempt-counts.js'
import { createAttemptLabels } from './attempt-labels.js'
import { encodeOtlp } from './encode-otlp.js'
import { createLookupCounts } from './lookup-counts.js'
import { createLossCounts } from './loss-counts.js'
import type { Family } from './metric.js'
import { openMetricsServer, type MetricsServer } from './metrics-server.js'
import { readInterval, startOtlpExporter } from './otlp-exporter.js'
import { readOtlpHeaders, type Headers } from './read-otlp-headers.js'
import { createRenderer } from './render-exposition.js'

/** What has to succeed before recording begins. */
export interface MetricsOutlets {
  /** @param session the first one of the recording: counters keep running over rotations */
  start(session: Session, scene: MetricsScene): RunningMetrics
  /** Without metrics, after an error */
  close(): void
}

interface MetricsScene {
  readonly users: UserNames
  readonly display: Pick<Display, 'clear'>
}

interface Opened {
  readonly options: MetricsOptions
  readonly server: MetricsServer | null
  readonly headers: Headers
  readonly intervalMs: number
  /** Lines for people: where metrics are */
  readonly notes: readonly string[]
}

/** Metrics of a running recording. */
export interface RunningMetrics {
  readonly observe: (batch: CommittedBatch) => void
  readonly onLookups: LookupObserver
  /** Sends once more, and closes everything. */
  close(): Promise<void>
}

const sayLine = (text: string) => void process.stderr.write(`${safeLine(text)}\n`)

/** @throws E_METRICS, E_OTLP */
export async function openOutlets(options: MetricsOptions): Promise<MetricsOutlets> {
  const { listen, otlp } = options
  const headers = otlp === null ? {} : readOtlpHeaders(otlp)
  const intervalMs = readInterval()
  const server = listen === null ? null : await openMetricsServer(listen)
  const notes = [
    ...(server === null ? [] : [`metrics: ${server.address}`]),
    ...(server?.isOpen ? ['note: other hosts can read these metrics, without a password and without encryption'] : []),
    ...(otlp === null ? [] : [`metrics are sent to ${otlp.url.href}`]),
  ]
  const opened = { options, server, headers, intervalMs, notes }
  return { start: (session, scene) => startMetrics(opened, session, scene), close: () => server?.close() }
}

function startMetrics(
  { options, server, headers, intervalMs, notes }: Opened,
  session: Session,
  { users, display }: MetricsScene,
): RunningMetrics {
  const { clock, cgroupPaths, containers } = session
  if (!session.options.quiet) notes.forEach(sayLine)
  const kinds = { classic: options.listen !== null, exponential: options.otlp !== null }
  const unixMs = () => Date.now()
  const names = {
    userName: users.nameOf,
    cgroupPath: cgroupPaths.find,
    containerFacts: containers.find,
    dns: null,
  }
  const attempts = createAttemptCounts({
    labels: createAttemptLabels(options.by),
    attempts: options.by.length === 0 ? null : createEventAttempts(names, clock),
    kinds,
    unixMs,
  })
  const recordsDns = session.options.dnsSource !== null
  const lookups = createLookupCounts(kinds, unixMs)
  const losses = createLossCounts(session, { recordsDns, startedMs: unixMs() })
  const families = (): Family[] => [
    ...attempts.families(),
    ...losses.families(),
    ...(recordsDns ? lookups.families() : []),
  ]
  const renderer = createRenderer()
  server?.serve((format) => renderer.render(families(), format))
  const { otlp } = options
  const exporter =
    otlp &&
    startOtlpExporter({
      url: otlp.url,
      headers,
      intervalMs,
      encode: () => encodeOtlp(families(), session.options.host.name, unixMs()),
      report(text) {
        display.clear()
        sayLine(text)
      },
    })
  return {
    observe(batch) {
      losses.observe(batch.loss)
      attempts.observe(batch, clock.nowNs())
    },
    onLookups: lookups.observe,
    async close() {
      server?.close()
      await exporter?.close()
    },
  }
}

import { describe, expect, test } from 'vitest'
import { createAttemptCounts } from '../../../src/record/metrics/attempt-counts.js'
import { createAttemptLabels } from '../../../src/record/metrics/attempt-labels.js'
import type { Durations } from '../../../src/record/metrics/durations.js'
import type { Family } from '../../../src/record/metrics/metric.js'
import type { MetricDimension } from '../../../src/record/options/parse-metrics.js'
import { createPump } from '../../../src/record/session/pump.js'
import { createEventAttempts } from '../../../src/record/top/event-attempts.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { connectFlag } from '../../../src/record/event/wire.gen.js'
import { NO_FACTS } from '../../../src/record/runtimes/container-facts.js'
import type { EventFields } from '../make-events.js'
import { createWriter, openNewTrace } from '../new-trace.js'
import { createFakeProbe } from '../session/fake-probe.js'

const NAMES = {
  userName: () => undefined,
  cgroupPath: () => `/system.slice/docker-${'f'.repeat(64)}.scope`,
  containerFacts: () => ({ ...NO_FACTS, name: 'web', podName: 'cart-1', podNamespace: 'shop' }),
  dns: null,
}
const outcome = (name: (typeof OUTCOMES)[number]) => OUTCOMES.indexOf(name)

/** Metrics of a pump whose probe the test fills. */
function createScene(by: readonly MetricDimension[]) {
  const trace = openNewTrace()
  const probe = createFakeProbe()
  const clock = { ns: 0 }
  const counts = createAttemptCounts({
    labels: createAttemptLabels(by),
    attempts: by.length === 0 ? null : createEventAttempts(NAMES, { epochNs: 0n, unixOffsetNs: () => 0n }),
    kinds: { classic: true, exponential: false },
    unixMs: () => 0,
  })
  const source = { probe, metadata: { read() {}, lookups: [] }, writer: createWriter(trace) }
  const pump = createPump(source, [(batch) => counts.observe(batch, clock.ns)])
  const record = (events: readonly Partial<EventFields>[]) => {
    probe.emit(events)
    pump.drain(() => clock.ns)
  }
  return { db: trace.db, clock, record, read: (name: string) => read(counts.families(), name), counts }
}

/** Values of a metric by their labels: `a=1 b=2`. */
function read(families: readonly Family[], name: string): Record<string, number | Durations> {
  const { points = [] } = families.find(({ metric }) => metric.name === name) ?? {}
  return Object.fromEntries(
    points.map(({ attributes, value }) => [attributes.map((pair) => pair.join('=')).join(' '), value]),
  )
}

describe('attempts are counted', () => {
  test('by outcome and error, as many as are in the trace', () => {
    const { db, record, read: readMetric } = createScene([])
    record([
      {},
      { latencyNs: 2n ** 16n },
      { outcome: outcome('refused'), error: 111, synRetransmits: 2 },
      { outcome: outcome('unreachable'), error: 113 },
      { outcome: outcome('unreachable'), error: 101 },
      { outcome: outcome('unreachable'), error: 92 },
    ])
    record([{ outcome: outcome('local_error'), error: 99 }, { flags: connectFlag.inexact }])
    expect(readMetric('tcpconn.connect.attempts')).toEqual({
      'outcome=established': 3,
      'outcome=refused error.type=refused': 1,
      'outcome=unreachable error.type=host_unreachable': 1,
      'outcome=unreachable error.type=net_unreachable': 1,
      'outcome=unreachable error.type=unreachable': 1,
      'outcome=local_error error.type=local_error': 1,
    })
    expect(db.prepare('SELECT count(*) FROM connects').pluck().get()).toBe(8)
    const durations = readMetric('system.network.tcp.handshake.duration')
    expect(Object.keys(durations)).toHaveLength(5)
    // The inexact one has no latency.
    expect(durations['']).toMatchObject({ count: 2, sumNs: 50_000 + 2 ** 16, minNs: 50_000, maxNs: 2 ** 16 })
    expect(readMetric('tcpconn.connect.syn.retransmits')).toMatchObject({ 'outcome=refused error.type=refused': 2 })
  })

  test('by the labels that are asked for, in a fixed order', () => {
    const { record, read: readMetric } = createScene(['comm', 'container', 'pod', 'address', 'port'])
    record([{}, {}, { comm: 'wget', remotePort: 80 }])
    const place = 'container.name=web k8s.namespace.name=shop k8s.pod.name=cart-1 network.peer.address=127.0.0.1'
    expect(readMetric('tcpconn.connect.attempts')).toEqual({
      [`outcome=established thread.name=curl ${place} network.peer.port=443`]: 2,
      [`outcome=established thread.name=wget ${place} network.peer.port=80`]: 1,
    })
  })

  test('by names with hostile bytes as visible text, and an unknown process without a label', () => {
    const { record, read: readMetric } = createScene(['comm'])
    record([{ comm: 'a\n"}\x1b[2J' }, { comm: Buffer.from([0x61, 0xff]) }, { pid: 0 }])
    expect(Object.keys(readMetric('tcpconn.connect.attempts'))).toEqual([
      String.raw`outcome=established thread.name=a\x0a"}\x1b[2J`,
      String.raw`outcome=established thread.name=a\xff`,
      'outcome=established',
    ])
  })
})

describe('series', () => {
  const ports = (from: number, count: number) => Array.from({ length: count }, (_, i) => ({ remotePort: from + i }))

  test('are at most 2,000; the rest counts as other, and is counted (SEC-71)', () => {
    const { record, read: readMetric } = createScene(['port'])
    record([...ports(1, 3000), ...ports(1, 3000), { outcome: outcome('refused'), remotePort: 9 }])
    const attempts = readMetric('tcpconn.connect.attempts')
    expect(Object.keys(attempts).length).toBeLessThanOrEqual(2000)
    expect(attempts['outcome=established network.peer.port=1']).toBe(2)
    const beyond = 2 * (3000 - (Object.keys(attempts).length - 2))
    expect(attempts['outcome=established network.peer.port=other']).toBe(beyond)
    expect(attempts['outcome=refused error.type=refused network.peer.port=other']).toBe(1)
    expect(readMetric('tcpconn.metrics.other.attempts')).toEqual({ '': beyond + 1 })
  })

  test('a process with the name other shares the series of the rest: no two series have the same labels', () => {
    const { record, counts } = createScene(['comm'])
    record([{ comm: 'other' }, ...Array.from({ length: 2500 }, (_, i) => ({ comm: `c${i}`, pid: 10 + i }))])
    const [{ points } = { points: [] }] = counts.families()
    expect(new Set(points.map(({ attributes }) => attributes.join())).size).toBe(points.length)
  })

  test('that were idle for 15 minutes make room for new ones, which begin at 0', () => {
    const { clock, record, read: readMetric } = createScene(['port'])
    record(ports(1, 2500))
    clock.ns = 14 * 60e9
    record([{ remotePort: 1 }, { remotePort: 5000 }])
    expect(readMetric('tcpconn.connect.attempts')['outcome=established network.peer.port=5000']).toBe(undefined)
    clock.ns = 16 * 60e9
    record([{ remotePort: 1 }, { remotePort: 5000 }, { remotePort: 2 }])
    expect(readMetric('tcpconn.connect.attempts')).toMatchObject({
      'outcome=established network.peer.port=1': 3,
      'outcome=established network.peer.port=2': 1,
      'outcome=established network.peer.port=5000': 1,
    })
  })
})

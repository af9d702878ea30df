import { describe, expect, test } from 'vitest'
import { connectFlag } from '../../../src/record/event/wire.gen.js'
import { decodeBuckets } from '../../store/decode-blobs.js'
import { expandSums } from '../../store/expand-sums.js'
import { createWriter, openNewTrace, type NewTrace } from '../new-trace.js'
import { write } from './written-trace.js'

const NETNS = 4_026_531_900
const PROCESS_COLUMNS = 'pid, process_start_ns, comm, exe, uid, user, cgroup, mntns, container'

const rowsOf = ({ db }: NewTrace, columns: string) =>
  db.prepare(`SELECT ${columns} FROM connects ORDER BY remote_port`).raw().all()

describe('an inexact attempt', () => {
  const EVENTS = [
    { remotePort: 1, latencyNs: 1000n },
    { remotePort: 1, latencyNs: 9_000_000n, flags: connectFlag.inexact },
    { remotePort: 2, latencyNs: 5000n, flags: connectFlag.inexact | connectFlag.ipv4_mapped },
    { remotePort: 3, latencyNs: 7000n, flags: connectFlag.inexact, outcome: 1, error: 111, synRetransmits: 2 },
  ]

  test('has no latency; all other values are known', () => {
    const trace = openNewTrace()
    write(createWriter(trace), EVENTS)
    expect(rowsOf(trace, 'remote_port, latency_ns, outcome, errno, syn_retransmits')).toEqual([
      [1, 1000, 'established', null, 0],
      [1, null, 'established', null, 0],
      [2, null, 'established', null, 0],
      [3, null, 'refused', 111, 2],
    ])
  })

  test.each(['endpoint', 'process', 'second'])('is counted in the sums by %s, but not in their histograms', (by) => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    write(writer, EVENTS)
    writer.flushWindow()
    expandSums(trace.db)
    const sums = trace.db.prepare(`SELECT established, refused, max_latency_ns, buckets FROM ${by}_latency`).raw().all()
    const rows = sums as [number, number, number | null, Uint8Array | null][]
    const total = (column: 0 | 1) => rows.reduce((sum, row) => sum + row[column], 0)
    const counted = rows.flatMap(([, , , buckets]) => (buckets ? [...decodeBuckets(buckets)] : []))
    expect([total(0), total(1)]).toEqual([3, 1])
    expect(counted.map(([, count]) => count)).toEqual([1])
    expect(rows.map(([, , maxLatencyNs]) => maxLatencyNs).filter((one) => one !== null)).toEqual([1000])
  })

  test('is counted by its flag, and in the totals of the session', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    write(writer, EVENTS)
    writer.flushWindow()
    expect(trace.db.prepare('SELECT inexact, ipv4_mapped FROM latency_window').raw().all()).toEqual([[3, 1]])
    expect(writer.totals).toMatchObject({ counts: [3, 1, 0, 0, 0, 0, 0, 0], maxLatencyNs: 1000 })
  })
})

describe('an attempt with an unknown process', () => {
  const NOBODY = Array.from({ length: 9 }, () => null)

  test('has a process row with only the network namespace', () => {
    const trace = openNewTrace()
    write(createWriter(trace), [{ pid: 0, tid: 0, netns: NETNS }])
    expect(rowsOf(trace, `${PROCESS_COLUMNS}, tid, netns`)).toEqual([[...NOBODY, null, NETNS]])
  })

  test('keeps its thread if that is known', () => {
    const trace = openNewTrace()
    write(createWriter(trace), [{ pid: 0, tid: 4711, netns: NETNS }])
    expect(rowsOf(trace, 'pid, tid')).toEqual([[null, 4711]])
  })

  test('may lack the network namespace too', () => {
    const trace = openNewTrace()
    write(createWriter(trace), [{ pid: 0, tid: 0, netns: 0 }])
    expect(rowsOf(trace, 'pid, tid, netns')).toEqual([[null, null, null]])
  })

  test('shares the process row with others of its namespace, whatever their thread, and counts for that namespace', () => {
    const trace = openNewTrace()
    const writer = createWriter(trace)
    write(writer, [
      { pid: 0, tid: 1, netns: NETNS, remotePort: 1 },
      { pid: 0, tid: 2, netns: NETNS, remotePort: 2 },
      { pid: 0, tid: 0, netns: NETNS + 1, remotePort: 3 },
      { netns: NETNS, remotePort: 4 },
    ])
    expect(trace.db.prepare('SELECT pid, netns FROM process ORDER BY process_id').raw().all()).toEqual([
      [null, NETNS],
      [null, NETNS + 1],
      [1000, NETNS],
    ])
    expect(writer.dictionaries.attemptsByNetns()).toEqual(
      new Map([
        [NETNS, 3],
        [NETNS + 1, 1],
      ]),
    )
  })

  test('has all other values of the event', () => {
    const trace = openNewTrace()
    write(createWriter(trace), [{ pid: 0, outcome: 1, error: 111, latencyNs: 5000n, remotePort: 80 }])
    expect(rowsOf(trace, 'outcome, errno, latency_ns, remote_address, remote_port')).toEqual([
      ['refused', 111, 5000, '127.0.0.1', 80],
    ])
  })
})

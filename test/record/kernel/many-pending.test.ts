import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { batchLosses, expectEqualSum, sessionLosses } from '../../support/losses.js'
import { SILENT_ADDRESS, addSilentLink, makeNetworkNamespace, setSysctl } from '../../support/network-namespace.js'
import { firstOutput } from '../../support/process.js'
import { startRecording } from '../../support/recorder.js'
import { queryTrace } from '../../support/trace.js'
import { startWorkload } from '../../support/workload.js'

/** Entries of the probe's map of pending attempts, bpf/tcpconn.bpf.c. */
const MAP_ENTRIES = 131_072
const CONNECTS_PER_PROCESS = 16_000

describeKernel('many pending attempts', () => {
  test('65,536 pending attempts in many batches: all are rows', async () => {
    const { file, summary, netns } = await recordPending(65_536)
    expect(outcomesOf(file, netns)).toEqual([{ outcome: 'pending', attempts: 65_536, latencies: 0, ports: 5 }])
    expect(summary).toMatch(/^completeness: .* = the kernel's /m)
  })

  test('map full: attempts that do not fit are counted (GAP-53, SEC-31)', async () => {
    const beyond = 3_000
    const { file, summary } = await recordPending(MAP_ENTRIES + beyond)
    const losses = sessionLosses(file)
    // Other pending attempts of this host take entries too.
    expect(losses).toMatchObject({ ring_full: 0, writer_behind: 0 })
    expect(losses.map_full).toBeGreaterThanOrEqual(beyond)
    expect(batchLosses(file)).toEqual(losses)
    expect(summary.split('\n')[0]).toMatch(/^LOST [\d,]+ attempts: [\d,]+ map full$/)
    expectEqualSum(file, summary)
  })
})

async function recordPending(count: number): Promise<{ file: string; summary: string; netns: number }> {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  // The search for a free port takes long if half of them are in use.
  setSysctl(namespace, 'net/ipv4/ip_local_port_range', '1024 65535')
  // A SYN that the link drops because its queue is full is sent again after half a second: with the default of 6, attempts time out
  // within seconds.
  setSysctl(namespace, 'net/ipv4/tcp_syn_retries', '127')
  const recording = await startRecording()
  const processes = Array.from({ length: Math.ceil(count / CONNECTS_PER_PROCESS) }, (_, i) => {
    const connects = Math.min(CONNECTS_PER_PROCESS, count - i * CONNECTS_PER_PROCESS)
    return startWorkload('many-pending', [`${connects}`, SILENT_ADDRESS, `${9000 + i}`], { under: namespace.exec })
  })
  await Promise.all(processes.map(firstOutput))
  const summary = await recording.stop()
  for (const { child } of processes) child.stdin.end()
  await Promise.all(processes.map(({ finished }) => finished))
  return { file: recording.file, summary, netns: namespace.inode }
}

function outcomesOf(file: string, netns: number): unknown[] {
  return queryTrace(
    file,
    `SELECT outcome, count(*) AS attempts, count(latency_ns) AS latencies, count(DISTINCT remote_port) AS ports
       FROM connects WHERE netns = ? GROUP BY 1`,
    netns,
  )
}

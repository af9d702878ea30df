import { expect, test } from 'vitest'
import { EINPROGRESS, ETIMEDOUT } from '../../support/error-numbers.js'
import { describeKernel } from '../../support/kernel-tests.js'
import {
  LINK_ADDRESS,
  SILENT_ADDRESS,
  addSilentLink,
  makeNetworkNamespace,
  readTcpCounter,
  setSysctl,
  type NetworkNamespace,
} from '../../support/network-namespace.js'
import { firstOutput } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { waitForSynSent } from '../../support/syn-sent.js'
import { onlyConnectOf, queryTrace } from '../../support/trace.js'
import { connect, runWorkload, startWorkload } from '../../support/workload.js'

describeKernel('outcomes without an answer', () => {
  test('timed out: every SYN is dropped', async () => {
    const namespace = makeSilentNamespace()
    setSysctl(namespace, 'net/ipv4/tcp_syn_retries', '1')
    const { file, result } = await recordWhile({}, () => connect(SILENT_ADDRESS, 80, [], { under: namespace.exec }))
    expect(result.errnos).toEqual({ [ETIMEDOUT]: 1 })
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({
      outcome: 'timed_out',
      errno: ETIMEDOUT,
      syn_retransmits: readTcpCounter(namespace, 'RetransSegs'),
      netns: namespace.inode,
      local_address: LINK_ADDRESS,
      remote_address: SILENT_ADDRESS,
      remote_port: 80,
    })
    expect(row.syn_retransmits).toBeGreaterThanOrEqual(1)
    expect(row.latency_ns).toBeGreaterThan(1.9e9)
  })

  test('timed out: the backlog of the listener is full', async () => {
    const { port } = JSON.parse(await firstOutput(startWorkload('full-backlog', []))) as { port: number }
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', port, ['--user-timeout', '1500']))
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({ outcome: 'timed_out', errno: ETIMEDOUT, remote_port: port })
    expect(row.syn_retransmits).toBeGreaterThanOrEqual(1)
    expect(row.latency_ns).toBeGreaterThan(1.4e9)
  })

  test('established after a late answer: its retransmits are recorded', async () => {
    const elapsedNs = startStopwatch()
    const delayed = () => runWorkload<{ pid: number; syns: number }>('syn-reset', ['--mode', 'synack-delay', '1200'])
    const { file, result } = await recordWhile({}, delayed)
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({ outcome: 'established', errno: null, syn_retransmits: result.syns - 1 })
    expect(row.syn_retransmits).toBeGreaterThanOrEqual(1)
    expect(row.latency_ns).toBeGreaterThan(1.19e9)
    expect(row.latency_ns).toBeLessThan(elapsedNs())
  })

  test('cancelled: closed before an answer', async () => {
    const namespace = makeSilentNamespace()
    const args = ['--nonblock', '--close-after', '200']
    const { file, result } = await recordWhile({}, () => connect(SILENT_ADDRESS, 80, args, { under: namespace.exec }))
    expect(result.errnos).toEqual({ [EINPROGRESS]: 1 })
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({
      outcome: 'cancelled',
      errno: null,
      syn_retransmits: readTcpCounter(namespace, 'RetransSegs'),
    })
    expect(row.latency_ns).toBeGreaterThan(0.19e9)
    expect(row.local_port).toBeGreaterThan(0)
  })

  test('cancelled: killed during connect(2)', async () => {
    const namespace = makeSilentNamespace()
    const { file, result } = await recordWhile({}, async () => {
      const { child, finished, pid } = startWorkload('connect', [SILENT_ADDRESS, '80'], { under: namespace.exec })
      await waitForSynSent(pid, namespace)
      child.kill('SIGKILL')
      return finished
    })
    expect(result.signal).toBe('SIGKILL')
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'cancelled', errno: null, comm: 'connect' })
  })

  test('pending: no answer yet when recording ends (GAP-43)', async () => {
    const namespace = makeSilentNamespace()
    const { file, summary, result } = await recordWhile({}, async () => {
      const { pid } = startWorkload('connect', [SILENT_ADDRESS, '443'], { under: namespace.exec })
      await waitForSynSent(pid, namespace)
      return pid
    })
    expect(onlyConnectOf(file, result)).toMatchObject({
      outcome: 'pending',
      latency_ns: null,
      errno: null,
      remote_address: SILENT_ADDRESS,
      remote_port: 443,
      netns: namespace.inode,
    })
    expect(summary).toMatch(/\d pending/)
    expect(countBatchRows(file)).toEqual({ rows: countRows(file) })
  })
})

function makeSilentNamespace(): NetworkNamespace {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  return namespace
}

function countRows(file: string): number {
  return queryTrace(file, 'SELECT * FROM connect_attempt').length
}

function countBatchRows(file: string): unknown {
  return queryTrace(file, 'SELECT sum(attempt_count) AS rows FROM batch')[0]
}

import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { addMptcpEndpoint, makeNetworkNamespace } from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { connectsOf, flagsOf, onlyConnectOf, queryTrace, type ConnectRow } from '../../support/trace.js'
import { runWorkload } from '../../support/workload.js'

const FAST_OPEN = 2
const MPTCP = 4
const KERNEL_THREAD = 8
const NO_SYN = 16

interface MptcpResult {
  pid: number
  remote_port: number
  local_port: number
}

interface FastOpenResult {
  pid: number
  connects: { how: string; errno: number; local_port: number; syn_data_acked: boolean }[]
}

describeKernel('variants of TCP', () => {
  test('TCP Fast Open: one row per attempt, with and without a cookie', async () => {
    const args = ['--listen', '--rounds', '3', '127.0.0.1', '5000']
    const { file, result } = await recordWhile({}, () => runWorkload<FastOpenResult>('fastopen', args))
    const rows = connectsOf(file, result.pid)
    expect(rows.map((row) => row.local_port)).toEqual(result.connects.map((made) => made.local_port))
    expect(rows.map((row) => row.outcome)).toEqual(result.connects.map(() => 'established'))
    expect(flagsOf(file, result.pid)).toEqual(result.connects.map(() => FAST_OPEN))
  })

  test('TCP Fast Open, abandoned: no SYN was sent, and the outcome is cancelled', async () => {
    const args = ['--listen', '--abandon', '127.0.0.1', '5000']
    const { file, summary, result } = await recordWhile({}, () => runWorkload<FastOpenResult>('fastopen', args))
    const rows = connectsOf(file, result.pid)
    expect(rows).toHaveLength(3)
    expect(rows[2]).toMatchObject({ outcome: 'cancelled', errno: null, local_port: result.connects[2]?.local_port })
    expect(flagsOf(file, result.pid)).toEqual([FAST_OPEN, FAST_OPEN, FAST_OPEN | NO_SYN])
    // The kernel does not count attempts without a SYN.
    expect(summary).toContain(' = the kernel')
  })

  test('MPTCP: one row, of the subflow', async () => {
    const { file, result } = await recordWhile({}, () => runWorkload<MptcpResult>('mptcp', []))
    const { remote_port, local_port } = result
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'established', remote_port, local_port })
    expect(flagsOf(file, result.pid)).toEqual([MPTCP])
  })

  test('MPTCP: a further subflow belongs to the kernel, not to the application', async () => {
    const namespace = makeNetworkNamespace()
    addMptcpEndpoint(namespace, '127.0.0.2')
    const { file, result } = await recordWhile({}, async () => {
      const first = await runWorkload<MptcpResult>('mptcp', [], { under: namespace.exec })
      // A kernel worker makes the subflow while the first connection is open: not always in time.
      for (let i = 0; i < 4; i++) await runWorkload<MptcpResult>('mptcp', [], { under: namespace.exec })
      return first
    })
    expect(flagsOf(file, result.pid)).toEqual([MPTCP])
    const sql = 'SELECT * FROM connects WHERE netns = ? AND local_address = ?'
    const [subflow] = queryTrace<ConnectRow>(file, sql, namespace.inode, '127.0.0.2')
    expect(subflow).toMatchObject({ exe: null, comm: expect.stringContaining('kworker'), remote_address: '127.0.0.1' })
    expect(flagsOf(file, subflow?.pid ?? 0)).toContain(MPTCP | KERNEL_THREAD)
  })
})

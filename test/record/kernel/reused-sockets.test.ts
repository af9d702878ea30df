import { expect, test } from 'vitest'
import { EADDRNOTAVAIL, ECONNREFUSED } from '../../support/error-numbers.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { SILENT_ADDRESS, addSilentLink, makeNetworkNamespace } from '../../support/network-namespace.js'
import { firstOutput } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { connectsOf } from '../../support/trace.js'
import { startWorkload } from '../../support/workload.js'

/** Facts about the last attempt of each case of test/workload/reused-socket. */
const LAST: Readonly<Record<string, { outcome: string; errno: number | null; local_port: number | null }>> = {
  'closed-after-disconnect': { outcome: 'cancelled', errno: null, local_port: expect.any(Number) },
  'closed-after-refused': { outcome: 'cancelled', errno: null, local_port: expect.any(Number) },
  'disconnected-after-refused': { outcome: 'cancelled', errno: null, local_port: expect.any(Number) },
  'refused-after-refused': { outcome: 'refused', errno: ECONNREFUSED, local_port: expect.any(Number) },
  'established-after-refused': { outcome: 'established', errno: null, local_port: expect.any(Number) },
  'pending-after-refused': { outcome: 'pending', errno: null, local_port: null },
  'no-port-after-disconnect': { outcome: 'local_error', errno: EADDRNOTAVAIL, local_port: null },
  'no-port-after-established': { outcome: 'local_error', errno: EADDRNOTAVAIL, local_port: null },
  'no-port-after-refused': { outcome: 'local_error', errno: EADDRNOTAVAIL, local_port: null },
  'no-port-for-bound': { outcome: 'local_error', errno: EADDRNOTAVAIL, local_port: 45678 },
}

describeKernel('a reused socket', () => {
  // The newest approach that the kernel supports, and that of old kernels.
  test.each(['buckets', 'hash'])('passes nothing of an attempt to the next one: %s', async (approach) => {
    const env: Record<string, string> = approach === 'hash' ? { TCPCONN_APPROACH: '5.10' } : {}
    const { file, result } = await recordWhile({ env }, async () => {
      const pids: Record<string, number> = {}
      for (const name of Object.keys(LAST)) pids[name] = await runCase(name)
      return pids
    })
    const last = Object.entries(result).map(([name, pid]) => {
      const { outcome, errno, local_port } = connectsOf(file, pid).at(-1) ?? {}
      return [name, { outcome, errno, local_port }]
    })
    expect(Object.fromEntries(last)).toEqual(LAST)
  })
})

/** Returns the pid of the case when it has made its last attempt. */
async function runCase(name: string): Promise<number> {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  const running = startWorkload('reused-socket', [name, SILENT_ADDRESS], { under: namespace.exec })
  const { pid, errno } = JSON.parse(await firstOutput(running)) as { pid: number; errno: number }
  if (name.startsWith('no-port')) expect([name, errno]).toEqual([name, EADDRNOTAVAIL])
  if (!name.startsWith('pending')) await running.finished
  return pid
}

import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { countRecorded, sessionLosses, sumLosses } from '../../support/losses.js'
import {
  SILENT_ADDRESS,
  addSilentLink,
  makeNetworkNamespace,
  readTcpCounter,
  setSysctl,
} from '../../support/network-namespace.js'
import { firstOutput } from '../../support/process.js'
import { startRecording } from '../../support/recorder.js'
import { queryTrace } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { startWorkload } from '../../support/workload.js'

const PROCESSES = 5
const CONNECTS_PER_PROCESS = 14_000
const CONNECTS = PROCESSES * CONNECTS_PER_PROCESS

describeKernel('events within events', () => {
  /*
   * A change of state in softirq may interrupt the probe in the middle of another one, in a task on the same CPU. The
   * kernel does not run a tracing program within itself (prog->active, kernel/trace/bpf_trace.c): such changes, a whole
   * batch of timers or packets at a time, must not be missed.
   */
  test('time-outs in softirq while tasks connect as fast as they can', async () => {
    const [waiting, busy] = [makeImpatientNamespace(), makeNetworkNamespace()]
    const recording = await startRecording()
    const load = startWorkload('loadgen', ['--mode', 'refused', '--threads', '2', '--seconds', '40'], {
      under: busy.exec,
    })
    const processes = Array.from({ length: PROCESSES }, (_, i) => {
      const args = [String(CONNECTS_PER_PROCESS), SILENT_ADDRESS, String(9000 + i)]
      return startWorkload('many-pending', args, { under: waiting.exec })
    })
    await Promise.all(processes.map(firstOutput))
    const haveEnded = () => readTcpCounter(waiting, 'AttemptFails') === CONNECTS
    await waitUntil(`${CONNECTS} time-outs`, haveEnded, { everyMs: 200, timeoutMs: 30_000 })
    load.child.kill()
    await load.finished
    await recording.stop()
    const outcomes = 'SELECT outcome, count(*) AS attempts FROM connects WHERE netns = ? GROUP BY 1'
    expect(queryTrace(recording.file, outcomes, waiting.inode)).toEqual([{ outcome: 'timed_out', attempts: CONNECTS }])
    const made = readTcpCounter(busy, 'ActiveOpens')
    const counted = countRecorded(recording.file, busy.inode) + sumLosses(sessionLosses(recording.file))
    expect(counted).toBeGreaterThanOrEqual(made)
  })
})

/** Every SYN is dropped, and sent again once. */
function makeImpatientNamespace() {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  setSysctl(namespace, 'net/ipv4/ip_local_port_range', '1024 65535')
  setSysctl(namespace, 'net/ipv4/tcp_syn_retries', '1')
  return namespace
}

import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { batchLosses, countRecorded, expectEqualSum, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace, readTcpCounter } from '../../support/network-namespace.js'
import { start } from '../../support/process.js'
import { readRunDelayMs } from '../../support/process-status.js'
import { startRecording } from '../../support/recorder.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { generateLoad } from '../../support/workload.js'

/** Minimum time for which the recorder waits for the CPU. */
const MIN_STARVED_MS = 4000
/** Limit of loads of 8 s until it has waited that long. One is enough unless the load itself gets little CPU. */
const MAX_LOADS = 10
/** Attempts while it is stopped: fewer than the ring's 104,857, and more. */
const LOADS = [
  { count: 30_000, isLost: false },
  { count: 140_000, isLost: true },
]

describeKernel('a recorder that gets no CPU', () => {
  test.each(LOADS)(
    'stopped by SIGSTOP for $count attempts, records or counts all of them after SIGCONT',
    async ({ count, isLost }) => {
      const namespace = makeNetworkNamespace()
      const recording = await startRecording()
      process.kill(recording.pid, 'SIGSTOP')
      const { attempts } = await generateLoad(['--mode', 'refused', '--count', `${count}`], { under: namespace.exec })
      process.kill(recording.pid, 'SIGCONT')
      const summary = await recording.stop()
      const losses = sessionLosses(recording.file)
      const recorded = countRecorded(recording.file, namespace.inode)
      expect(readTcpCounter(namespace, 'ActiveOpens')).toBe(attempts)
      expect(batchLosses(recording.file)).toEqual(losses)
      expect(recorded).toBeLessThanOrEqual(attempts)
      // Losses may include connects of other processes.
      expect(recorded + sumLosses(losses)).toBeGreaterThanOrEqual(attempts)
      expect(sumLosses(losses) > 0).toBe(isLost)
      expectEqualSum(recording.file, summary)
      expectWholeTrace(recording.file)
    },
  )

  test('with idle priority on a busy CPU: all attempts are recorded or counted as lost', async () => {
    const namespace = makeNetworkNamespace()
    const recording = await startRecording({ under: ['taskset', '--cpu-list', '0', 'chrt', '--idle', '0'] })
    const busy = start(['taskset', '--cpu-list', '0', 'timeout', '120', 'sh', '-c', 'while :; do :; done'])
    const load = ['--mode', 'refused', '--rate', '8000', '--seconds', '8']
    const delayBeforeMs = readRunDelayMs(recording.pid)
    let attempts = 0
    let starvedMs = 0
    for (let i = 0; i < MAX_LOADS && starvedMs <= MIN_STARVED_MS; i++) {
      attempts += (await generateLoad(load, { under: namespace.exec })).attempts
      starvedMs = readRunDelayMs(recording.pid) - delayBeforeMs
    }
    busy.child.kill()
    await busy.finished
    const summary = await recording.stop()
    const losses = sessionLosses(recording.file)
    const recorded = countRecorded(recording.file, namespace.inode)
    expect(starvedMs).toBeGreaterThan(MIN_STARVED_MS)
    expect(recorded).toBeLessThanOrEqual(attempts)
    expect(recorded + sumLosses(losses)).toBeGreaterThanOrEqual(attempts)
    expect(batchLosses(recording.file)).toEqual(losses)
    expectEqualSum(recording.file, summary)
    expectWholeTrace(recording.file)
  })
})

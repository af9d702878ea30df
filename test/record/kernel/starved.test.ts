import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { batchLosses, countRecorded, expectEqualSum, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace, readTcpCounter } from '../../support/network-namespace.js'
import { start } from '../../support/process.js'
import { readRunDelayMs } from '../../support/process-status.js'
import { startRecording } from '../../support/recorder.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { generateLoad } from '../../support/workload.js'

/** How long the recorder has to wait for the CPU at least. */
const MIN_STARVED_MS = 4000
/** Loads of 8 s until it has waited that long. One is enough unless the load itself gets little CPU. */
const MAX_LOADS = 10
/** Attempts while it is stopped: fewer than the ring's 104,857, and more. */
const LOADS = [
  { count: 30_000, isLost: false },
  { count: 140_000, isLost: true },
]

describeKernel('a recorder that gets no CPU', () => {
  test.each(LOADS)(
    'stopped by SIGSTOP for $count attempts, it records or counts them all after SIGCONT',
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
      // What others do meanwhile may be among the lost.
      expect(recorded + sumLosses(losses)).toBeGreaterThanOrEqual(attempts)
      expect(sumLosses(losses) > 0).toBe(isLost)
      expectEqualSum(recording.file, summary)
      expectWholeTrace(recording.file)
    },
  )

  test('idle priority, on a CPU that somebody else uses up: all is recorded, or counted as lost', async () => {
    const namespace = makeNetworkNamespace()
    const recording = await startRecording({ under: ['taskset', '--cpu-list', '0', 'chrt', '--idle', '0'] })
    const busy = start(['taskset', '--cpu-list', '0', 'timeout', '120', 'sh', '-c', 'while :; do :; done'])
    const load = ['--mode', 'refused', '--rate', '8000', '--seconds', '8']
    let attempts = 0
    for (let i = 0; i < MAX_LOADS && readRunDelayMs(recording.pid) <= MIN_STARVED_MS; i++) {
      attempts += (await generateLoad(load, { under: namespace.exec })).attempts
    }
    const starvedMs = readRunDelayMs(recording.pid)
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

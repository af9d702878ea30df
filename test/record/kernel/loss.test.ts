import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { batchLosses, countRecorded, expectEqualSum, sessionLosses, sumLosses } from '../../support/losses.js'
import { holdWriteLock } from '../../support/hold-lock.js'
import { makeNetworkNamespace, readTcpCounter, type NetworkNamespace } from '../../support/network-namespace.js'
import { startRecording, type Recording } from '../../support/recorder.js'
import { runTool } from '../../support/tool.js'
import { generateLoad } from '../../support/workload.js'

/** Events that fit into the ring, and a load that exceeds it by `MIN_LOST` and the connects of other processes. */
const RING_EVENTS = 104_857
const LOAD_ATTEMPTS = 130_000
const MIN_LOST = LOAD_ATTEMPTS - RING_EVENTS
const LOAD = ['--mode', 'refused', '--count', String(LOAD_ATTEMPTS)]

describeKernel('loss', () => {
  test('ring full because the recorder got no CPU: every lost attempt is counted (GAP-51, SEC-31)', async () => {
    const { recording, namespace } = await startInNamespace()
    process.kill(recording.pid, 'SIGSTOP')
    const { attempts } = await generateLoad(LOAD, { under: namespace.exec })
    process.kill(recording.pid, 'SIGCONT')
    const summary = await recording.stop()
    expectAllCounted(recording.file, namespace, attempts)
    expect(sessionLosses(recording.file).ring_full).toBeGreaterThanOrEqual(MIN_LOST)
    expect(countRecorded(recording.file, namespace.inode)).toBeLessThanOrEqual(RING_EVENTS)
    expect(summary.split('\n')[0]).toMatch(/^LOST [\d,]+ attempts: [\d,]+ ring full/)
    expectEqualSum(recording.file, summary)
  })

  test('writer behind: another process locks the file while the ring fills (GAP-52)', async () => {
    const { recording, namespace } = await startInNamespace()
    const release = holdWriteLock(recording.file)
    const { attempts } = await generateLoad(LOAD, { under: namespace.exec })
    release()
    const summary = await recording.stop()
    expectAllCounted(recording.file, namespace, attempts)
    expect(sessionLosses(recording.file).writer_behind).toBeGreaterThanOrEqual(MIN_LOST)
    expect(summary.split('\n')[0]).toMatch(/^LOST [\d,]+ attempts: .*[\d,]+ writer behind$/)
    expectEqualSum(recording.file, summary)
  })

  test('file locked for less time than the ring takes to fill: nothing is lost or doubled', async () => {
    const { recording, namespace } = await startInNamespace()
    const release = holdWriteLock(recording.file)
    const { attempts } = await generateLoad(['--mode', 'refused', '--count', '30000'], { under: namespace.exec })
    release()
    await recording.stop()
    expect(countRecorded(recording.file, namespace.inode)).toBe(attempts)
    expect(sumLosses(sessionLosses(recording.file))).toBe(0)
  })

  test('-q reports loss, and so does info', async () => {
    const { recording, namespace } = await startInNamespace(['-q'])
    process.kill(recording.pid, 'SIGSTOP')
    await generateLoad(LOAD, { under: namespace.exec })
    process.kill(recording.pid, 'SIGCONT')
    expect(await recording.stop()).toMatch(/^LOST [\d,]+ attempts: [\d,]+ ring full/)
    const { stdout } = await runTool(['info', recording.file])
    expect(stdout).toMatch(/lost.*ring full/i)
  })
})

async function startInNamespace(args: string[] = []): Promise<{ recording: Recording; namespace: NetworkNamespace }> {
  const namespace = makeNetworkNamespace()
  return { namespace, recording: await startRecording({ args }) }
}

/**
 * Checks that recorded plus lost attempts are all attempts, in the session and in its batches, and that no row is
 * doubled.
 */
function expectAllCounted(file: string, namespace: NetworkNamespace, attempts: number): void {
  const [losses, recorded] = [sessionLosses(file), countRecorded(file, namespace.inode)]
  expect(batchLosses(file)).toEqual(losses)
  expect(readTcpCounter(namespace, 'ActiveOpens')).toBe(attempts)
  expect(recorded).toBeLessThanOrEqual(attempts)
  expect(recorded + sumLosses(losses)).toBeGreaterThanOrEqual(attempts)
}

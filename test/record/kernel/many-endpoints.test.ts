import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { countRecorded, sessionLosses, sumLosses } from '../../support/losses.js'
import { mount } from '../../support/mount.js'
import { makeNetworkNamespace, readTcpCounter } from '../../support/network-namespace.js'
import { readPeakBytes } from '../../support/process-status.js'
import { startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { queryTrace } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { generateLoad } from '../../support/workload.js'

const ENDPOINTS = 1_000_000
const LOAD = ['--mode', 'refused', '--threads', '2', '--rate', '25000']
/**
 * Memory of the whole process. Measured: about 290 MB, after 1 M and after 3 M endpoints; V8 uses the memory that it
 * finds.
 */
const MAX_PEAK_BYTES = 400e6
/**
 * Limit for the growth during the second half of the endpoints: a map that kept all of them would take twice as much.
 */
const MAX_GROWTH_BYTES = 50e6

describeKernel('many endpoints', () => {
  test('a million endpoints: memory is bounded, and all are recorded (SEC-32)', async () => {
    const namespace = makeNetworkNamespace()
    // The cost on a busy host or disk is tested elsewhere.
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=512m', 'none'])
    const recording = await startRecording({ file: join(directory, 'trace.db'), under: ['nice', '-n', '-20'] })
    const args = [...LOAD, '--endpoints', `${ENDPOINTS}`, '--count', `${ENDPOINTS}`]
    const load = generateLoad(args, { under: namespace.exec })
    const isHalfDone = () => readTcpCounter(namespace, 'ActiveOpens') > ENDPOINTS / 2
    await waitUntil('half of the endpoints', isHalfDone, { timeoutMs: 600_000, everyMs: 500 })
    const halfBytes = readPeakBytes(recording.pid)
    await load
    const peakBytes = readPeakBytes(recording.pid)
    await recording.stop()
    expect(peakBytes).toBeLessThan(MAX_PEAK_BYTES)
    expect(peakBytes - halfBytes).toBeLessThan(MAX_GROWTH_BYTES)
    expect(sumLosses(sessionLosses(recording.file))).toBe(0)
    expect(countRecorded(recording.file, namespace.inode)).toBe(ENDPOINTS)
    expect(countEndpoints(recording.file)).toBeGreaterThanOrEqual(ENDPOINTS)
  })
})

function countEndpoints(file: string): number {
  return queryTrace<{ count: number }>(file, 'SELECT count(*) AS count FROM endpoint')[0]?.count ?? 0
}

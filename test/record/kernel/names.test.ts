import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { startRecording } from '../../support/recorder.js'
import { connectsOf, onlyConnectOf } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

describeKernel('names', () => {
  test('of cgroups created within one second are recorded', async () => {
    const recording = await startRecording()
    const made: { pid: number; path: string }[] = []
    for (let i = 0; i < 3; i++) {
      const { exec: under, path } = makeCgroup()
      const { pid } = await connect('127.0.0.1', 1000, [], { under })
      // Waits until the attempt is written, so that the next cgroup is created after a walk of the tree.
      await waitUntil('the row', () => connectsOf(recording.file, pid).length)
      made.push({ pid, path })
    }
    await recording.stop()
    for (const { pid, path } of made) expect(onlyConnectOf(recording.file, pid).cgroup).toBe(path)
  })
})

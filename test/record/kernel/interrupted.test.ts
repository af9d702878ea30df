import { readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeNetworkNamespace } from '../../support/network-namespace.js'
import { startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, queryTrace, readSession } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { connect, generateLoad } from '../../support/workload.js'

describeKernel('an interrupted recording', () => {
  test('disk full: recording stops, and the written data is complete (GAP-45)', async () => {
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=2m', 'none'])
    const recording = await startRecording({ file: join(directory, 'trace.db') })
    const load = generateLoad(['--mode', 'refused', '--count', '100000'], { under: makeNetworkNamespace().exec })
    const result = await recording.finished
    expectError(result, 'E_DISK_FULL')
    expect(result.stderr).toContain(`keep ${recording.file}-wal with it`)
    await load
    expectWholeTrace(recording.file)
    expect(countRows(recording.file)).toBeGreaterThan(1000)
    const info = await runTool(['info', recording.file])
    expect(info).toMatchObject({ status: 0, stderr: '' })
  })

  test('file moved: recording stops, reports the new name, and the old name is free', async () => {
    const recording = await startRecording()
    const { pid } = await connect('127.0.0.1', 1000)
    await waitUntil('its row', () => connectsOf(recording.file, pid).length)
    const moved = `${recording.file}.old`
    // The recorder checks the name once per second.
    process.kill(recording.pid, 'SIGSTOP')
    renameSync(recording.file, moved)
    expectError(await runTool(['record', recording.file, '-d', '10ms']), 'E_CANNOT_OPEN')
    process.kill(recording.pid, 'SIGCONT')
    const result = await recording.finished
    expectError(result, 'E_MOVED')
    expect(result.stderr).toContain(`are in ${moved}\n`)
    expectWholeTrace(moved)
    expect(connectsOf(moved, pid)).toHaveLength(1)
    expect(readSession(moved)).toMatchObject({ end_reason: 'error' })
    expect(await runTool(['record', recording.file, '-d', '10ms'])).toMatchObject({ status: 0 })
  })

  test('file removed just before the end: no success is reported', async () => {
    const recording = await startRecording()
    rmSync(recording.file)
    process.kill(recording.pid, 'SIGINT')
    expectError(await recording.finished, 'E_REMOVED')
    expect(readdirSync(dirname(recording.file))).toEqual([])
  })

  test('kill -9: the next recording adds a second session to the same file', async () => {
    const first = await startRecording()
    const { pid } = await connect('127.0.0.1', 1000)
    await waitUntil('its row', () => connectsOf(first.file, pid).length)
    process.kill(first.pid, 'SIGKILL')
    await first.finished
    expect((await runTool(['info', first.file])).stdout).toMatch(/unclean shutdown/)
    const second = await startRecording({ file: first.file })
    const next = await connect('127.0.0.1', 1000)
    await second.stop()
    const rows = queryTrace(first.file, 'SELECT session_id, pid FROM connects WHERE pid IN (?, ?)', pid, next.pid)
    expect(rows).toEqual([
      { session_id: 1, pid },
      { session_id: 2, pid: next.pid },
    ])
    expectWholeTrace(first.file)
    expect(readSession(first.file)).toMatchObject({ session_id: 2, end_reason: 'interrupt' })
  })
})

function countRows(file: string): number {
  return queryTrace<{ count: number }>(file, 'SELECT count(*) AS count FROM connect_attempt')[0]?.count ?? 0
}

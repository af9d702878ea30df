import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { connectsOf, queryTrace, readSession } from '../../support/trace.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { expectNever } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

describeKernel('sessions', () => {
  test.each([
    ['SIGINT', 'interrupt'],
    ['SIGTERM', 'terminate'],
  ] as const)('%s ends a recording cleanly', async (signal, reason) => {
    const { pid, file, finished } = await startRecording()
    process.kill(pid, signal)
    expect(await finished).toMatchObject({ status: 0, stdout: '' })
    const { end_reason, duration_ns } = readSession(file)
    expect(end_reason).toBe(reason)
    expect(duration_ns).toBeGreaterThan(0)
  })

  test.each([
    ['interrupt', []],
    ['command', ['--', 'sleep', '0.3']],
  ])('repeated signals from start to end: the session still ends cleanly, with %s', async (reason, command) => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const running = startTool(['record', file, ...command], { under: ['setsid'] })
    const timer = setInterval(() => existsSync(file) && running.child.kill('SIGINT'), 1)
    const { stderr } = await running.finished
    clearInterval(timer)
    // The exit status is not checked: Node.js removes its signal handlers in its last millisecond.
    expect(stderr).toMatch(/^recorded \d/)
    expect(readSession(file)).toMatchObject({ end_reason: reason })
  })

  test('SIGHUP does not end a recording without a terminal, as under nohup', async () => {
    const { pid, finished, stop } = await startRecording({ under: ['nohup'] })
    process.kill(pid, 'SIGHUP')
    let isOver = false
    void finished.then(() => (isOver = true))
    await expectNever('an end of the recording', () => isOver, 1000)
    expect(await stop()).toContain('recorded ')
  })

  test('--duration ends a recording; the default file is tcpconn.db in the working directory', async () => {
    const cwd = makeTemporaryDirectory()
    const elapsedNs = startStopwatch()
    expect(await runTool(['record', '--duration', '300ms'], { cwd })).toMatchObject({ status: 0 })
    const { end_reason, duration_ns } = readSession(join(cwd, 'tcpconn.db'))
    expect(end_reason).toBe('duration')
    expect(duration_ns).toBeGreaterThanOrEqual(300e6)
    expect(duration_ns).toBeLessThan(elapsedNs())
  })

  test('a second session is added, and the first one does not change', async () => {
    const first = await startRecording()
    const { pid } = await connect('127.0.0.1', 1000)
    await first.stop()
    const before = connectsOf(first.file, pid)
    const second = await startRecording({ file: first.file, args: ['-P', '1001'] })
    const next = await connect('127.0.0.1', 1001)
    await second.stop()
    expect(connectsOf(first.file, pid)).toEqual(before)
    expect(connectsOf(first.file, next.pid)).toMatchObject([{ session_id: 2, remote_port: 1001 }])
    const sessions = queryTrace(first.file, 'SELECT session_id, filters, end_reason FROM session')
    expect(sessions).toEqual([
      { session_id: 1, filters: '{}', end_reason: 'interrupt' },
      { session_id: 2, filters: '{"port":[1001]}', end_reason: 'interrupt' },
    ])
    expectWholeTrace(first.file)
  })

  test('without --session only the newest is read: analyze, export and replay report the others (GAP-49)', async () => {
    const { file, stop } = await startRecording()
    const { pid } = await connect('127.0.0.1', 1000)
    await stop()
    expect(await runTool(['record', file, '--duration', '10ms'])).toMatchObject({ status: 0 })
    const line = 'only the newest session: 1 earlier session left out (--session all)\n'
    expect((await runTool(['analyze', 'summary', file])).stdout).toContain(line)
    const output = join(makeTemporaryDirectory(), 'out.jsonl')
    for (const [command = '', ...args] of [['export', '--format', 'jsonl', '-o', output], ['replay']])
      expect((await runTool([command, file, ...args])).stderr).toContain(line)
    expect(readFileSync(output, 'utf8')).not.toContain(`"pid":${pid},`)
  })

  test('two recordings of the same host do not disturb each other', async () => {
    const recordings = [await startRecording(), await startRecording()]
    const { pid } = await connect('127.0.0.1', 1000, ['--count', '20'])
    for (const recording of recordings) await recording.stop()
    for (const { file } of recordings) expect(connectsOf(file, pid)).toHaveLength(20)
    expect(recordings.map(({ file }) => existsSync(`${file}-wal`))).toEqual([false, false])
  })
})

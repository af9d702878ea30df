import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf, queryTrace } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

describeKernel('reading a trace while it is recorded', () => {
  test('sqlite3 shows an attempt soon after it ends', async () => {
    const recording = await startRecording()
    const { pid } = await connect('127.0.0.1', 1000)
    const sql = `SELECT outcome, remote_port FROM connects WHERE pid = ${pid}`
    const output = await waitUntil('the row', () => sqlite3(recording.file, sql), { everyMs: 50 })
    expect(output).toBe('refused|1000\n')
    await recording.stop()
  })

  test('info and analyze work', async () => {
    const recording = await startRecording()
    const { pid } = await connect('127.0.0.1', 1000)
    await waitUntil('the row', () => queryTrace(recording.file, 'SELECT 1 FROM connects WHERE pid = ?', pid).length)
    expect((await runTool(['info', recording.file])).stdout).toMatch(/running|recording/i)
    const { stdout } = await runTool(['analyze', 'top-endpoints', recording.file, '--format', 'json'])
    const rows = JSON.parse(stdout) as { remote_address: string; remote_port: number; failed: number }[]
    expect(rows).toContainEqual(expect.objectContaining({ remote_address: '127.0.0.1', remote_port: 1000 }))
    await recording.stop()
  })

  test('info distinguishes a running recorder from a killed one, also within another PID namespace (GAP-44)', async () => {
    const { pid, file, finished } = await startRecording()
    const under = ['unshare', '--pid', '--mount-proc', '--fork']
    expect((await runTool(['info', file], { under })).stdout).toMatch(/ended {9}not yet: a process of another PID/)
    process.kill(pid, 'SIGKILL')
    await finished
    expect((await runTool(['info', file], { under })).stdout).toMatch(/ended {9}unclean shutdown/)
  })

  test('a closed trace is one file without a write-ahead log', async () => {
    const { file } = await recordWhile({}, () => connect('127.0.0.1', 1000))
    expect(readdirSync(dirname(file))).toEqual([basename(file)])
    expect(sqlite3(file, 'PRAGMA journal_mode')).toBe('delete\n')
  })

  test('a reader at the end does not prevent the last write (GAP-46)', async () => {
    const recording = await startRecording()
    const { pid } = await connect('127.0.0.1', 1000)
    const reader = new Database(recording.file, { readonly: true })
    const rows = reader.prepare('SELECT * FROM session').iterate()
    rows.next()
    const stderr = await recording.stop()
    expect(stderr).toContain(`part of the trace is in ${recording.file}-wal`)
    expect((await runTool(['info', recording.file])).stdout).toContain('1 session')
    expect(readdirSync(dirname(recording.file))).toContain(`${basename(recording.file)}-wal`)
    rows.return?.()
    reader.close()
    expect((await runTool(['info', recording.file])).stdout).toContain('1 session')
    expect(readdirSync(dirname(recording.file))).toEqual([basename(recording.file)])
    expect(onlyConnectOf(recording.file, pid).outcome).toBe('refused')
  })

  test('a copy of FILE without its log is reported as such, even if an earlier session has ended (GAP-47)', async () => {
    const { file } = await recordWhile({}, () => connect('127.0.0.1', 1000))
    const recording = await startRecording({ file })
    const copy = join(makeTemporaryDirectory(), 'copy.db')
    copyFileSync(file, copy)
    expect((await runTool(['info', copy])).stdout).toContain(`${copy}-wal is missing: attempts may be missing`)
    await recording.stop()
    expect((await runTool(['info', file])).stdout).not.toContain('is missing')
  })

  test('the next recording merges the log that a reader kept', async () => {
    const recording = await startRecording()
    const reader = new Database(recording.file, { readonly: true })
    const rows = reader.prepare('SELECT * FROM session').iterate()
    rows.next()
    await recording.stop()
    rows.return?.()
    reader.close()
    await recordWhile({ file: recording.file }, () => connect('127.0.0.1', 1000))
    expect(readdirSync(dirname(recording.file))).toEqual([basename(recording.file)])
    expect((await runTool(['info', recording.file])).stdout).toContain('2 sessions')
  })

  test('times are wall clock times, in ISO 8601 with microseconds', async () => {
    const { file, result } = await recordWhile({}, async () => {
      const beforeMs = Date.now()
      const { pid } = await connect('127.0.0.1', 1000)
      return { pid, beforeMs, afterMs: Date.now() }
    })
    const { time, started_ns } = onlyConnectOf(file, result.pid)
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(Date.parse(time)).toBeGreaterThan(result.beforeMs - 50)
    expect(Date.parse(time)).toBeLessThan(result.afterMs + 50)
    expect(Math.abs(started_ns / 1e6 - Date.parse(time))).toBeLessThan(1.1)
  })
})

function sqlite3(file: string, sql: string): string {
  return execFileSync('sqlite3', [file, sql], { encoding: 'utf8' })
}

import { existsSync, rmSync, statSync, statfsSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeNetworkNamespace } from '../../support/network-namespace.js'
import { expectClosed } from '../../support/rotated-files.js'
import { listTraces, queryAll, startRotating } from '../../support/rotating-recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, readSession } from '../../support/trace.js'
import { expectNever, waitUntil } from '../../support/wait-until.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { connect, generateLoad, startWorkload } from '../../support/workload.js'

const LONG_AGO = new Date('2020-01-01T00:00:00Z')
const ATTEMPTS = `SELECT pid, tid, started_ns, local_port FROM connects WHERE netns = ?`

describeKernel('a rotation that fails', () => {
  test('no space for the next file: it is reported once, recording continues, and the rotation is tried again', async () => {
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=2m', 'none'])
    // Other connects of the host would fill the remaining space.
    const recording = await startRotating({ directory, args: ['--rotate', '3s', '--port', '1000'] })
    const filler = join(directory, 'filler')
    const { bavail, bsize } = statfsSync(directory)
    // A write into this file takes 70 KiB of log, the next file twice as much.
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 110 * 1024))
    const reports = () => recording.errors().match(/cannot start the next file/g)?.length ?? 0
    await waitUntil('the report', () => reports() > 0)
    const { pid } = await connect('127.0.0.1', 1000)
    await expectNever('a second report', () => reports() > 1, 1500)
    rmSync(filler)
    await waitUntil('the next file', () => recording.files().length >= 2)
    const stderr = await recording.stop()
    expect(
      stderr.match(/^cannot start the next file: the disk is full; recording continues in the current file$/gm),
    ).toHaveLength(1)
    expect(recording.files().flatMap((file) => connectsOf(file, pid))).toHaveLength(1)
    for (const file of recording.files()) expectClosed(file)
  })

  test('no space for the first file: expired files are removed first, and recording begins', async () => {
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=2m', 'none'])
    const args = ['record', join(directory, 'trace.db'), '--rotate', '1h', '--port', '1000']
    for (let i = 0; i < 4; i++) expect(await runTool([...args, '-d', '10ms'])).toMatchObject({ status: 0 })
    const old = listTraces(directory)
    expect(old).toHaveLength(4)
    for (const file of old) utimesSync(file, LONG_AGO, LONG_AGO)
    const filler = join(directory, 'filler')
    const { bavail, bsize } = statfsSync(directory)
    writeFileSync(filler, Buffer.alloc(bavail * bsize))
    expectError(await runTool([...args, '-d', '10ms']), 'E_DISK_FULL')
    expect(listTraces(directory)).toEqual(old)
    expect(await runTool([...args, '--keep', '7d', '-d', '10ms'])).toMatchObject({ status: 0 })
    // Within the same second, it has the name of a removed file.
    expect(listTraces(directory).map((file) => statSync(file).mtimeMs > LONG_AGO.getTime())).toEqual([true])
  })

  test('no space at all: recording stops, and the written data is complete', async () => {
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=3m', 'none'])
    const recording = await startRotating({ directory, args: ['--rotate', '1MB'] })
    const load = generateLoad(['--mode', 'refused', '--count', '200000'], { under: makeNetworkNamespace().exec })
    const { status, stderr } = await recording.finished
    await load
    expect(status).toBe(1)
    expect(stderr).toContain('[E_DISK_FULL]')
    expect(recording.files().length).toBeGreaterThan(1)
    for (const file of recording.files()) expectWholeTrace(file)
  })

  test('the current file is locked: nothing is lost, and the rotation follows later', async () => {
    const recording = await startRotating({ args: ['--rotate', '2s'] })
    const [first = ''] = recording.files()
    const other = new Database(first)
    other.exec('BEGIN IMMEDIATE')
    const { pid } = await connect('127.0.0.1', 1000)
    await expectNever('an end of the session in the locked file', () => readSession(first).end_reason, 3000)
    other.close()
    await waitUntil('the next file', () => recording.files().length >= 2)
    await recording.stop()
    expect(connectsOf(first, pid)).toHaveLength(1)
    for (const file of recording.files()) expectClosed(file)
  })

  test('the current file has a reader: it is closed at a later rotation', async () => {
    const recording = await startRotating({ args: ['--rotate', '1s'] })
    const [first = ''] = recording.files()
    const reader = new Database(first, { readonly: true })
    reader.pragma('user_version')
    await waitUntil('the next file', () => recording.files().length >= 2)
    expect(existsSync(`${first}-wal`)).toBe(true)
    reader.close()
    await waitUntil('a change', () => !existsSync(`${first}-wal`))
    await recording.stop()
    for (const file of recording.files()) expectClosed(file)
  })

  test('the directory is removed: recording stops and reports it', async () => {
    const recording = await startRotating({ args: ['--rotate', '1s'] })
    rmSync(recording.directory, { recursive: true })
    const result = await recording.finished
    expect(result.status).toBe(1)
    expect(result.stderr).toContain('[E_REMOVED]')
  })

  test('the first file cannot be created: nothing is recorded', async () => {
    const file = join(makeTemporaryDirectory(), 'missing', 'trace.db')
    expectError(await runTool(['record', file, '--rotate', '1h', '-d', '10ms']), 'E_CANNOT_OPEN')
  })
})

describeKernel('kill -9 of a rotating recording', () => {
  test('all files are complete, and the next recording closes the file that was left open', async () => {
    const namespace = makeNetworkNamespace()
    const load = startWorkload('loadgen', ['--mode', 'reset', '--seconds', '240'], { under: namespace.exec })
    const directory = makeTemporaryDirectory()
    for (const afterMs of [0, 130, 260]) {
      const before = listTraces(directory).length
      const recording = await startRotating({ directory, args: ['--rotate', '1s'] })
      await waitUntil('a change of files', () => listTraces(directory).length > before + 1)
      // At any moment.
      await delay(afterMs)
      process.kill(recording.pid, 'SIGKILL')
      await recording.finished
    }
    load.child.kill()
    await load.finished
    const killed = listTraces(directory)
    expect(killed.length).toBeGreaterThanOrEqual(3)
    expect(killed.some((file) => existsSync(`${file}-wal`))).toBe(true)
    const last = await startRotating({ directory, args: ['--rotate', '1h'] })
    await waitUntil('what was left open', () => killed.every((file) => !existsSync(`${file}-wal`)))
    await last.stop()
    // A recorder that is killed before its first write leaves an empty file, which could be of another program.
    const files = listTraces(directory).filter((file) => statSync(file).size > 0)
    for (const file of files) expectClosed(file)
    const rows = queryAll<object>(files, ATTEMPTS, namespace.inode)
    expect(rows.length).toBeGreaterThan(0)
    expect(new Set(rows.map((row) => Object.values(row).join(' '))).size).toBe(rows.length)
  })
})

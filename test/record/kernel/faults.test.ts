import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { holdWriteLock } from '../../support/hold-lock.js'
import { describeKernel, skipUnlessNodeIsShared } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, type ToolOptions } from '../../support/tool.js'
import { queryTrace } from '../../support/trace.js'
import { asUser } from '../../support/users.js'
import { connect } from '../../support/workload.js'

const NOBODY_UID = 65534

describeKernel('a host that cannot record', () => {
  test('without root', async (context) => {
    skipUnlessNodeIsShared(context)
    const result = await record({ under: asUser(NOBODY_UID) })
    expectError(result, 'E_NOT_PRIVILEGED')
    expect(result.stderr).toContain('needs CAP_BPF, CAP_PERFMON,')
  })

  test('as root without one of the capabilities (GAP-10)', async () => {
    const under = ['setpriv', '--inh-caps=-all', '--bounding-set=-sys_admin,-perfmon']
    const result = await record({ under })
    expectError(result, 'E_NOT_PRIVILEGED')
    expect(result.stderr).toContain('needs CAP_PERFMON,')
  })

  test('without BTF (GAP-02)', async () => {
    const hide = 'mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@"'
    const result = await record({ under: ['unshare', '--mount', 'sh', '-c', hide] })
    expectError(result, 'E_NO_BTF')
    expect(result.stderr).toContain('/sys/kernel/btf/vmlinux')
  })

  test('without libbpf (GAP-03)', async () => {
    const directory = makeTemporaryDirectory()
    writeFileSync(join(directory, 'libbpf.so.1'), 'not a library')
    const result = await record({ env: { LD_LIBRARY_PATH: directory } })
    expectError(result, 'E_LIBBPF_MISSING')
    expect(result.stderr).toContain('apt-get install libbpf1')
  })

  test('with a kernel that is too old (GAP-01)', async () => {
    const result = await record({ under: ['setarch', '--uname-2.6'] })
    expectError(result, 'E_KERNEL_TOO_OLD')
    expect(result.stderr).toMatch(/the kernel is 2\.6\..*5\.8/)
  })
})

describeKernel('a file that cannot be recorded into', () => {
  test('of a newer version: it does not change', async () => {
    const file = await recordOnce()
    const db = new Database(file)
    db.pragma('user_version = 99')
    db.close()
    const result = await record({ file })
    expectError(result, 'E_NEWER_TRACE')
    expect(result.stderr).toContain('is version 99')
    expect(queryTrace(file, 'PRAGMA user_version')).toEqual([{ user_version: 99 }])
  })

  test('on a read-only file system', async () => {
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'ro,size=1m', 'none'])
    const result = await record({ file: join(directory, 'trace.db') })
    expectError(result, 'E_CANNOT_OPEN')
    expect(result.stderr).toContain('its file system is read-only')
  })

  test('on a full disk', async () => {
    const directory = makeTemporaryDirectory()
    mount(directory, ['-t', 'tmpfs', '-o', 'size=64k', 'none'])
    const result = await record({ file: join(directory, 'trace.db') })
    expectError(result, 'E_DISK_FULL')
    expect(result.stderr).toContain('nothing was recorded')
    expect(result.stderr).toContain('free some space')
    expect(readdirSync(directory)).toEqual([])
  })

  test('in a missing directory', async () => {
    const directory = join(makeTemporaryDirectory(), 'missing')
    const result = await record({ file: join(directory, 'trace.db') })
    expectError(result, 'E_CANNOT_OPEN')
    expect(result.stderr).toContain(`mkdir -p ${directory}`)
    mkdirSync(directory)
    expect(await record({ file: join(directory, 'trace.db') })).toMatchObject({ status: 0 })
  })

  test('while another process records into it; that recording continues', async () => {
    const recording = await startRecording()
    expectError(await record({ file: recording.file }), 'E_BUSY_TRACE')
    await connect('127.0.0.1', 1000)
    expect(await recording.stop()).toMatch(/^recorded [1-9]/)
    expect(await record({ file: recording.file })).toMatchObject({ status: 0 })
  })

  test('locked at the start, after its recorder was killed', async () => {
    const killed = await startRecording()
    process.kill(killed.pid, 'SIGKILL')
    await killed.finished
    const release = holdWriteLock(killed.file)
    expectError(await record({ file: killed.file }), 'E_LOCKED_TRACE')
    release()
    expect(await record({ file: killed.file })).toMatchObject({ status: 0 })
  })

  test('locked at the end, for longer than the recorder waits', async () => {
    const recording = await startRecording()
    const release = holdWriteLock(recording.file)
    await connect('127.0.0.1', 1000)
    process.kill(recording.pid, 'SIGTERM')
    expectError(await recording.finished, 'E_LOCKED_TRACE')
    release()
    expect(await record({ file: recording.file })).toMatchObject({ status: 0 })
  })
})

async function record({ file, ...options }: ToolOptions & { file?: string }) {
  return runTool(['record', file ?? join(makeTemporaryDirectory(), 'trace.db'), '--duration', '10ms'], options)
}

async function recordOnce(): Promise<string> {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  expect(await record({ file })).toMatchObject({ status: 0 })
  return file
}

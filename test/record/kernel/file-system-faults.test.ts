import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { mount } from '../../support/mount.js'
import { makeNetworkNamespace } from '../../support/network-namespace.js'
import { startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, queryTrace } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { connect, startWorkload } from '../../support/workload.js'

describeKernel('a file system that fails during a recording', () => {
  test('becomes read-only: recording stops, and the written data is complete', async (context) => {
    const { directory, fail } = mountExt4(context)
    const recording = await startRecording({ file: join(directory, 'trace.db') })
    const { pid } = await connect('127.0.0.1', 1000)
    await waitUntil('its row', () => connectsOf(recording.file, pid).length)
    startWorkload('loadgen', ['--mode', 'refused', '--rate', '500', '--seconds', '200'], {
      under: makeNetworkNamespace().exec,
    })
    await waitUntil('some of the load', () => queryTrace(recording.file, 'SELECT 1 FROM connects').length > 500)
    fail()
    const result = await recording.finished
    expectError(result, 'E_WRITE')
    expect(result.stderr).toContain('check the file system')
    const copy = copyTrace(recording.file)
    expectWholeTrace(copy)
    expect(connectsOf(copy, pid)).toHaveLength(1)
    expect(queryTrace(copy, 'SELECT 1 FROM connects').length).toBeGreaterThan(500)
    expect(await runTool(['record', copy, '-d', '10ms'])).toMatchObject({ status: 0 })
  })

  test('the directory of the trace is removed: recording stops and reports it', async () => {
    const directory = join(makeTemporaryDirectory(), 'directory')
    mkdirSync(directory)
    const recording = await startRecording({ file: join(directory, 'trace.db') })
    await connect('127.0.0.1', 1000)
    rmSync(directory, { recursive: true })
    const result = await recording.finished
    expectError(result, 'E_REMOVED')
    expect(result.stderr).toContain('its attempts are lost')
    expect(existsSync(directory)).toBe(false)
  })
})

/** A file system in a file. An error makes it read-only, as ext4 does after a disk error. */
function mountExt4(context: TestContext): { directory: string; fail(): void } {
  const [place, directory] = [makeTemporaryDirectory(), makeTemporaryDirectory()]
  const image = join(place, 'image')
  skipUnless(existsSync('/dev/loop-control'), 'this host has no loop devices', context)
  writeFileSync(image, '')
  execFileSync('truncate', ['--size=32M', image])
  execFileSync('mkfs.ext4', ['-q', '-F', image])
  mount(directory, ['-o', 'loop,errors=remount-ro', image])
  const [device = ''] = (mounts().find(([, target]) => target === directory) ?? []) as string[]
  const trigger = `/sys/fs/ext4/${basename(device)}/trigger_fs_error`
  return { directory, fail: () => writeFileSync(trigger, 'as a test') }
}

function mounts(): string[][] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
}

/** Copies the trace with its log to a place where it can be read. */
function copyTrace(file: string): string {
  const copy = join(makeTemporaryDirectory(), 'trace.db')
  for (const suffix of ['', '-wal']) {
    if (existsSync(`${file}${suffix}`))
      writeFileSync(`${copy}${suffix}`, readFileSync(`${file}${suffix}`), { mode: 0o600 })
  }
  return copy
}

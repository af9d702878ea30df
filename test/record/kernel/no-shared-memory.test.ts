import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

/** A directory, and the same directory through a FUSE file system that refuses mmap(2) with MAP_SHARED. */
function mountWithoutSharedMemory(context: TestContext): { there: string; through: string } {
  const isInstalled = !spawnSync('mergerfs', ['--version']).error && existsSync('/dev/fuse')
  skipUnless(isInstalled, 'mergerfs is not installed, or this host has no FUSE', context)
  const [there, through] = [makeTemporaryDirectory(), makeTemporaryDirectory()]
  execFileSync('mergerfs', ['-o', 'use_ino,cache.files=off,cache.attr=0,cache.entry=0,direct_io', there, through])
  onTestFinished(() => void execFileSync('umount', ['--lazy', through]))
  return { there, through }
}

async function recordOne(): Promise<string> {
  return (await recordWhile({}, () => connect('127.0.0.1', 1000))).file
}

describeKernel('a file system without shared memory', () => {
  test.for([[[]], [['--rotate', '1h']]])(
    'record reports it with a hint, and leaves no files: %j',
    async ([rotation], context) => {
      const { through } = mountWithoutSharedMemory(context)
      const result = await runTool(['record', join(through, 'trace.db'), '--duration', '10ms', ...(rotation ?? [])])
      expectError(result, 'E_CANNOT_OPEN')
      expect(result.stderr).toContain(`is on a file system without shared memory`)
      expect(result.stderr).toContain('hint: record to a local file system')
      expect(readdirSync(through)).toEqual([])
    },
  )

  test('a closed trace can be read, also after record was refused', async (context) => {
    const { through } = mountWithoutSharedMemory(context)
    const file = join(through, 'trace.db')
    copyFileSync(await recordOne(), file)
    expect(await runTool(['info', file])).toMatchObject({ status: 0, stdout: expect.stringContaining('1 session') })
    expectError(await runTool(['record', file, '--duration', '10ms']), 'E_CANNOT_OPEN')
    expect(await runTool(['info', file])).toMatchObject({ status: 0, stdout: expect.stringContaining('1 session') })
    expect(readdirSync(through)).toEqual(['trace.db'])
  })

  test.for<[string, readonly string[]]>([
    ['info', []],
    ['analyze', ['top-endpoints']],
    ['export', ['--format', 'csv']],
  ])('%s of a trace that is being recorded reports it with a hint', async ([command, args], context) => {
    const { there, through } = mountWithoutSharedMemory(context)
    const recording = await startRecording({ file: join(there, 'trace.db') })
    const { pid } = await connect('127.0.0.1', 1000)
    await waitUntil('its row', () => connectsOf(recording.file, pid).length)
    const file = join(through, 'trace.db')
    const result = await runTool([command, ...args, file])
    expectError(result, 'E_CANNOT_OPEN')
    expect(result.stderr).toContain(`reason: ${file} is on a file system without shared memory`)
    expect(result.stderr).toContain(`hint: copy it together with ${file}-wal to a local file system`)
    await recording.stop()
    expect(await runTool(['info', file])).toMatchObject({ status: 0, stderr: '' })
  })
})

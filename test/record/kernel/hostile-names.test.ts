import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import { makeCgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { LONGEST, interrupt } from '../../support/live.js'
import { run, type Finished } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { onlyConnectOf } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, workloadPath } from '../../support/workload.js'

/** Clears the screen, sets the title of the window, and returns to the first column. */
const HOSTILE = '\u001b[2J\u001b]0;x\u0007\r\u009b1mevil'

/**
 * Name of a thread: `evil`, then sequences that clear the screen, break the line, start an 8-bit sequence, and ring the
 * bell.
 */
const EVIL_CONNECT = `${workloadPath('connect')} 127.0.0.1 1000 --comm-hex 6576696c1b5b324a0ac29b07 >&2 2>/dev/null`

describeKernel('hostile names: no output contains control characters', () => {
  test('a thread name of any bytes is stored as text (SEC-19)', async () => {
    // ESC [31m, a line break, two bytes that are not UTF-8, a bell
    const args = ['--comm-hex', '1b5b33316d0afffe07']
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', 1000, args))
    expect(onlyConnectOf(file, result.pid).comm).toBe('\u001b[31m\n\\xff\\xfe\u0007')
  })

  test('a thread name that begins with a byte order mark is stored as text', async () => {
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', 1000, ['--comm-hex', 'efbbbf6162']))
    expect(onlyConnectOf(file, result.pid).comm).toBe('\ufeffab')
  })

  test('the name of a program may be longer than that of a thread', async () => {
    const name = '\u001b[2J a name of\nmore than fifteen bytes'
    const program = join(makeTemporaryDirectory(), name)
    copyFileSync(workloadPath('connect'), program)
    const { file, result } = await recordWhile({}, () => run([program, '127.0.0.1', '1000']))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ exe: name, comm: name.slice(0, 15) })
  })

  test('the name of a cgroup cannot control a terminal (SEC-20)', async () => {
    const { exec, path } = makeCgroup(undefined, `tcpconn-test-${process.pid}-${HOSTILE}`)
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', 1000, [], { under: exec }))
    expect(onlyConnectOf(file, result.pid).cgroup).toBe(path)
    for (const format of ['table', 'json', 'csv', 'markdown']) {
      const sql = `SELECT cgroup FROM connects WHERE pid = ${result.pid}`
      const shown = await runTool(['analyze', 'sql', sql, file, '--format', format])
      expect(shown).toMatchObject({ status: 0, stdout: expect.stringContaining('evil') })
      expectPlain(shown)
    }
  })

  test('record and info (SEC-21)', async () => {
    const file = makeHostilePath()
    expectPlain(await runTool(['record', file, '--comm', '\u001b[31m\n', '--', 'sh', '-c', ':', HOSTILE]))
    expectPlain(await runTool(['record', file, '--', 'sh', '-c', EVIL_CONNECT]))
    expectAnswer(await runTool(['info', file]))
  })

  test('every built-in query, and SQL (SEC-21)', async () => {
    const file = await recordEvil()
    for (const { name } of CATALOGUE) expectAnswer(await runTool(['analyze', name, file]))
    const shown = await runTool(['analyze', 'sql', 'SELECT comm, exe, cgroup FROM connects', file])
    expectAnswer(shown)
    expect(shown.stdout).toContain('evil')
  })

  test('replay, and exports as text (SEC-21)', async () => {
    const file = await recordEvil()
    const views = [['-t', '--container', '--wide'], ['--latency', '--wide'], ['--json']]
    const commands = [
      ...views.map((args) => ['replay', file, ...args]),
      ...['csv', 'jsonl'].map((format) => ['export', file, '--format', format]),
    ]
    for (const command of commands) {
      const shown = await runTool(command)
      expectAnswer(shown)
      expect(shown.stdout).toContain('evil')
    }
  })

  test.each([[['-t', '--container', '--wide']], [['--json']]])('live %j (SEC-21)', async (args) => {
    const live = startTool(['live', ...LONGEST, ...args])
    const connectAndLook = async () => {
      await run(['sh', '-c', EVIL_CONNECT])
      return live.output().includes('evil')
    }
    await waitUntil('a row of the hostile name', connectAndLook, { everyMs: 100 })
    const shown = await interrupt(live)
    expectAnswer(shown)
    expect(shown.stdout).toContain('evil')
  })

  test.each([
    ['record', 'a text file', 'words'],
    ['info', 'a text file', 'words'],
    ['record', 'a missing directory', null],
    ['info', 'no file', null],
  ])('error messages: %s reports %s', async (command, _, content) => {
    const file = join(makeTemporaryDirectory(), content === null ? `${HOSTILE}/trace.db` : HOSTILE)
    if (content !== null) writeFileSync(file, content)
    const result = await runTool([command, file])
    expect(result.status).toBe(1)
    expectPlain(result)
  })

  test('usage errors', async () => {
    expectPlain(await runTool(['record', '--dst', HOSTILE]))
    expectPlain(await runTool(['record', '--', HOSTILE]))
    expectPlain(await runTool(['analyze', HOSTILE]))
  })
})

function makeHostilePath(): string {
  const directory = join(makeTemporaryDirectory(), HOSTILE)
  mkdirSync(directory)
  return join(directory, `${HOSTILE}.db`)
}

/** Two sessions with one attempt each, so that diff can compare them. */
async function recordEvil(): Promise<string> {
  const file = makeHostilePath()
  for (let session = 1; session <= 2; session++) {
    expect(await runTool(['record', file, '--dns', '--', 'sh', '-c', EVIL_CONNECT])).toMatchObject({ status: 0 })
  }
  return file
}

/** Checks that the output is not empty and has no control characters. */
function expectAnswer(shown: Finished): void {
  expect(shown).toMatchObject({ status: 0, stdout: expect.stringMatching(/\w/) })
  expectPlain(shown)
}

/** Control characters of ASCII and Latin-1 except the line break. */
function expectPlain({ stdout, stderr }: Finished): void {
  // oxlint-disable-next-line no-control-regex -- they are what this is about
  expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  expect(stdout + stderr).not.toBe('')
}

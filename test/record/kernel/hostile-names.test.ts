import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { run, type Finished } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf } from '../../support/trace.js'
import { connect, workloadPath } from '../../support/workload.js'

/** Clears the screen, sets the window's title, returns to the first column. */
const HOSTILE = '\u001b[2J\u001b]0;x\u0007\r\u009b1mevil'

describeKernel('hostile names', () => {
  test("a thread's name of any bytes is in the trace, as text", async () => {
    // ESC [31m, a line break, two bytes that are no UTF-8, a bell
    const args = ['--comm-hex', '1b5b33316d0afffe07']
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', 1000, args))
    expect(onlyConnectOf(file, result.pid).comm).toBe('\u001b[31m\n\ufffd\ufffd\u0007')
  })

  test('so is one that begins with a byte order mark', async () => {
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', 1000, ['--comm-hex', 'efbbbf6162']))
    expect(onlyConnectOf(file, result.pid).comm).toBe('\ufeffab')
  })

  test("a program's name, longer than a thread may have one", async () => {
    const name = '\u001b[2J a name of\nmore than fifteen bytes'
    const program = join(makeTemporaryDirectory(), name)
    copyFileSync(workloadPath('connect'), program)
    const { file, result } = await recordWhile({}, () => run([program, '127.0.0.1', '1000']))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ exe: name, comm: name.slice(0, 15) })
  })

  test("a cgroup's name steers no terminal either", async () => {
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

  test('no command prints them as they are', async () => {
    const directory = join(makeTemporaryDirectory(), HOSTILE)
    mkdirSync(directory)
    const file = join(directory, `${HOSTILE}.db`)
    const command = [workloadPath('connect'), '127.0.0.1', '1000', '--comm-hex', '1b5b33316d0afffe07']
    expectPlain(await runTool(['record', file, '--comm', '\u001b[31m\n', '--', 'sh', '-c', ':', HOSTILE]))
    expectPlain(await runTool(['record', file, '--', 'sh', '-c', `${command.join(' ')} >&2 2>/dev/null`]))
    const queries = (await runTool(['analyze', '--list'])).stdout.match(/^\s*([a-z]+(-[a-z]+)+)/gm) ?? []
    expect(queries.length).toBeGreaterThan(0)
    expectPlain(await runTool(['info', file]))
    for (const query of queries) expectPlain(await runTool(['analyze', query.trim(), file, '--session', 'all']))
  })

  test.each([
    ['record', 'a text file', 'words'],
    ['info', 'a text file', 'words'],
    ['record', 'a missing directory', null],
    ['info', 'no file', null],
  ])('%s says what is wrong with %s without them', async (command, _, content) => {
    const file = join(makeTemporaryDirectory(), content === null ? `${HOSTILE}/trace.db` : HOSTILE)
    if (content !== null) writeFileSync(file, content)
    const result = await runTool([command, file])
    expect(result.status).toBe(1)
    expectPlain(result)
  })

  test('nor does wrong usage', async () => {
    expectPlain(await runTool(['record', '--dst', HOSTILE]))
    expectPlain(await runTool(['record', '--', HOSTILE]))
    expectPlain(await runTool(['analyze', HOSTILE]))
  })
})

/** No control character but the line break, neither of ASCII nor of Latin-1. */
function expectPlain({ stdout, stderr }: Finished): void {
  // oxlint-disable-next-line no-control-regex -- they are what this is about
  expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  expect(stdout + stderr).not.toBe('')
}

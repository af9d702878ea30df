import { expect, test } from 'vitest'
import { requireUtf8 } from '../../src/cli/require-utf8.js'
import { run } from '../support/process.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { toolCommand } from '../support/tool.js'

test('arguments in UTF-8 are not looked at', () => {
  requireUtf8(['info', 'café.db'], () => {
    throw new Error('looked at')
  })
})

test('the character U+FFFD is as good as any other', () => {
  requireUtf8(['info', 'a\ufffd.db'], () => Buffer.from('node\0tcpconn\0info\0a\ufffd.db\0'))
})

test.each([
  ['info', String.raw`"$0" "$@" info "$(printf 'caf\351.db')"`],
  ['record', String.raw`"$0" "$@" record "$(printf 'caf\351.db')"`],
  ['record --rotate', String.raw`"$0" "$@" record "$(printf 'caf\351.db')" --rotate 1h`],
  ['analyze', String.raw`"$0" "$@" analyze churn "$(printf 'caf\351.db')"`],
  ['export', String.raw`"$0" "$@" export --output "$(printf 'caf\351.db')"`],
])('%s refuses a file whose name is not UTF-8, and says why', async (_, script) => {
  const cwd = makeTemporaryDirectory()
  const { status, stderr, stdout } = await run(['sh', '-c', script, ...toolCommand([])], { cwd })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr.split('\n')).toEqual([
    String.raw`error: the argument caf\xe9.db is not UTF-8 [E_USAGE]`,
    'reason: Node.js and SQLite accept only UTF-8 in arguments and file names',
    expect.stringMatching(/^hint: rename the file, or pass a path in UTF-8; /),
    '',
  ])
})

test.each([
  ['of the command', String.raw`"$0" "$@" record trace.db -- echo "$(printf 'caf\351')"`],
  ['the command itself', String.raw`"$0" "$@" record -- "$(printf 'caf\351')" --`],
])('an argument that is not UTF-8, %s of record, is no file: the hint is a shell that makes it', async (_, script) => {
  const cwd = makeTemporaryDirectory()
  const { status, stderr, stdout } = await run(['sh', '-c', script, ...toolCommand([])], { cwd })
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr.split('\n')).toEqual([
    String.raw`error: the argument caf\xe9 of the command after -- is not UTF-8 [E_USAGE]`,
    'reason: Node.js passes only UTF-8 arguments to a command',
    String.raw`hint: let a shell create the argument: record -- sh -c 'exec COMMAND "$(printf "caf\351")"'`,
    '',
  ])
})

test('a command that is made as the hint says gets the byte', async () => {
  const { stdout } = await run(['sh', '-c', String.raw`exec printf %s "$(printf "caf\351")" | od -An -tx1`])
  expect(stdout.trim()).toBe('63 61 66 e9')
})

test('before --, it is a file of record all the same', () => {
  const command = () => Buffer.from('node\0tcpconn\0record\0caf\xe9.db\0--\0true\0', 'latin1')
  expect(() => requireUtf8(['record', 'caf\ufffd.db', '--', 'true'], command)).toThrow(
    expect.objectContaining({ message: String.raw`the argument caf\xe9.db is not UTF-8` }),
  )
})

import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { holdCommand, requireCommand } from '../../../src/record/child/child-process.js'
import { createSignalRelay } from '../../../src/record/child/signal-relay.js'
import { describeError } from '../../../src/cli/report-error.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { expectNever, waitUntil } from '../../support/wait-until.js'

/** A directory with a program, a script that may not be executed, and a directory. */
function makeBin(): string {
  const directory = makeTemporaryDirectory()
  writeFileSync(join(directory, 'program'), '#!/bin/sh\n')
  chmodSync(join(directory, 'program'), 0o755)
  writeFileSync(join(directory, 'script'), '#!/bin/sh\n')
  mkdirSync(join(directory, 'directory'))
  return directory
}

/** Code and exit status of the error. */
function refusal(name: string, path?: string): [string, number] {
  try {
    requireCommand(name, path)
  } catch (error) {
    return [(error as { code: string }).code, describeError(error).exitStatus]
  }
  throw new Error('it was accepted')
}

describe('finding a command', () => {
  test('finds a program by path and in PATH', () => {
    const bin = makeBin()
    expect(requireCommand(join(bin, 'program'), '')).toBeUndefined()
    expect(requireCommand('program', `/nowhere:${bin}`)).toBeUndefined()
  })

  test('continues in PATH after a file that is not executable and an entry that is not a directory', () => {
    const [first, second] = [makeBin(), makeBin()]
    writeFileSync(join(second, 'script'), '#!/bin/sh\n', { mode: 0o755 })
    chmodSync(join(second, 'script'), 0o755)
    expect(requireCommand('script', `${first}:${first}/program:${second}`)).toBeUndefined()
  })
})

describe('a command that cannot be run', () => {
  test.each([
    ['no-such-program', ['E_NO_COMMAND', 127]],
    ['directory', ['E_NO_COMMAND', 127]],
    ['', ['E_NO_COMMAND', 127]],
    ['script', ['E_COMMAND_NOT_EXECUTABLE', 126]],
  ])('is refused, found in PATH: %j', (name, expected) => {
    expect(refusal(name, makeBin())).toEqual(expected)
  })

  test.each([
    ['no-such-program', ['E_NO_COMMAND', 127]],
    ['directory', ['E_NO_COMMAND', 127]],
    ['program/below', ['E_NO_COMMAND', 127]],
    ['script', ['E_COMMAND_NOT_EXECUTABLE', 126]],
  ])('is refused, given by path: %j', (name, expected) => {
    const bin = makeBin()
    expect(refusal(join(bin, name), bin)).toEqual(expected)
  })
})

describe('a held command', () => {
  /** Holds a shell script. $0 of the script is a file in a temporary directory of its own. */
  async function hold(script: string) {
    const file = join(makeTemporaryDirectory(), 'file')
    const command = await holdCommand(['/bin/sh', '-c', script, file], null, createSignalRelay())
    onTestFinished(() => {
      try {
        process.kill(command.pid, 'SIGKILL')
      } catch {
        // It has already ended, as expected.
      }
    })
    return { file, command }
  }

  test('starts when it is released, with the pid it was held with', async () => {
    const { file, command } = await hold('echo $$ > "$0"')
    await expectNever('a file of the command', () => existsSync(file), 100)
    command.run()
    expect(await command.exit).toBe(0)
    expect(existsSync(file)).toBe(true)
  })

  test('reports its exit status', async () => {
    const { command } = await hold('exit 42')
    command.run()
    expect(await command.exit).toBe(42)
  })

  test('reports 128 plus the signal that ended it, as shells do', async () => {
    const { command } = await hold('kill -TERM $$; sleep 60')
    command.run()
    expect(await command.exit).toBe(128 + 15)
  })

  test('receives the signals sent to tcpconn; after its end tcpconn ignores them', async () => {
    const { file, command } = await hold('trap "exit 7" USR2; : > "$0"; while :; do sleep 0.01; done')
    command.run()
    await waitUntil('the trap', () => existsSync(file))
    process.kill(process.pid, 'SIGUSR2')
    expect(await command.exit).toBe(7)
    // Without a listener, the signal would end this process.
    process.kill(process.pid, 'SIGUSR2')
    await delay(20)
  })

  test('reports the signal if it is killed while it is held', async () => {
    const { command } = await hold('exit 0')
    process.kill(command.pid, 'SIGKILL')
    await delay(100)
    command.run()
    expect(await command.exit).toBe(128 + 9)
    await delay(20)
  })

  test('throws E_COMMAND_NOT_STARTED if it cannot be started', async () => {
    const huge = 'x'.repeat(2 ** 20)
    const error = await holdCommand(['/bin/true', huge], null, createSignalRelay()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'E_COMMAND_NOT_STARTED', reason: expect.stringContaining('E2BIG') })
  })
})

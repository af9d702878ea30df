import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { firstOutput, start, type Finished } from '../../support/process.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool, type ToolOptions } from '../../support/tool.js'
import { connectsOf, queryTrace, readSession } from '../../support/trace.js'
import { GAMES_GID, GAMES_UID, SUDO_GAMES } from '../../support/users.js'
import { connect, workloadPath } from '../../support/workload.js'

/** A process that ends by itself if the test does not end it. */
const WAIT = 'for i in $(seq 600); do sleep 0.1; done'

describeKernel('record -- COMMAND', () => {
  test('records only the command and all its descendants', async () => {
    const to = (port: number) => `${workloadPath('connect')} 127.0.0.1 ${port} >/dev/null`
    const sign = join(makeTemporaryDirectory(), 'sign')
    const script = `echo ready; read -r _; ${to(1001)}; sh -c "sh -c '${to(1002)}; :'; :"; (setsid sh -c '${to(1003)}; : > ${sign}' &)
      until [ -e ${sign} ]; do sleep 0.05; done; exec ${to(1004)}`
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const running = startTool(['record', file, '--', 'sh', '-c', script])
    await firstOutput(running)
    const stranger = await connect('127.0.0.1', 1005)
    running.child.stdin.end('\n')
    expect(await running.finished).toMatchObject({ status: 0, stdout: 'ready\n' })
    const rows = queryTrace<{ remote_port: number }>(file, 'SELECT remote_port FROM connects ORDER BY started_ns')
    expect(rows.map((row) => row.remote_port)).toEqual([1001, 1002, 1003, 1004])
    expect(connectsOf(file, stranger.pid)).toEqual([])
    expect(readSession(file)).toMatchObject({ end_reason: 'command' })
  })

  test('a client of a daemon: a note reports that processes of the daemon are not recorded (GAP-40)', async () => {
    const docker = join(makeTemporaryDirectory(), 'docker')
    writeFileSync(docker, '#!/bin/sh\nexit 3\n')
    chmodSync(docker, 0o755)
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const { status, stderr } = await runTool(['record', file, '--', docker, 'run', 'web'])
    expect(stderr).toMatch(
      /^note: docker starts processes through a daemon: .* record the host instead \(tcpconn record\)/,
    )
    expect(status).toBe(3)
    const { stdout } = await runTool(['info', file])
    expect(stdout).toMatch(/^ {2}not seen {6}docker starts processes through a daemon: /m)
  })

  test('records the threads of the command', async () => {
    const { file } = await runCommand([workloadPath('connect'), '127.0.0.1', '1000', '--threads', '3'])
    const rows = queryTrace<{ comm: string }>(file, 'SELECT comm FROM connects ORDER BY comm')
    expect(rows.map((row) => row.comm)).toEqual(['worker-0', 'worker-1', 'worker-2'])
  })

  test('with filters: attempts must match both', async () => {
    const both = `${workloadPath('connect')} 127.0.0.1 1001; ${workloadPath('connect')} 127.0.0.1 1002`
    const { file } = await runCommand(['sh', '-c', both], { args: ['-P', '1002'] })
    expect(queryTrace(file, 'SELECT remote_port FROM connects')).toEqual([{ remote_port: 1002 }])
    expect(JSON.parse(readSession(file).filters)).toEqual({ port: [1002], command: ['sh', '-c', both] })
  })

  test.each([
    ['exit 0', 0],
    ['exit 3', 3],
    ['kill -TERM $$', 128 + 15],
    ['kill -KILL $$', 128 + 9],
  ])('sh -c %j: record exits with the status of the command', async (script, expected) => {
    const { status } = await runCommand(['sh', '-c', script])
    expect(status).toBe(expected)
  })

  test('reports a command that does not exist', async () => {
    expectError(await runCommand(['no-such-command-of-this-host']), 'E_NO_COMMAND', 127)
    expectError(await runCommand(['/no/such/file']), 'E_NO_COMMAND', 127)
  })

  test('reports a command that is not executable', async () => {
    const script = join(makeTemporaryDirectory(), 'script')
    writeFileSync(script, '#!/bin/sh\n')
    chmodSync(script, 0o644)
    expectError(await runCommand([script]), 'E_COMMAND_NOT_EXECUTABLE', 126)
  })

  test('passes arguments, streams and open files unchanged', async () => {
    const script = 'cat; echo "$0:$1:$2"; echo to-stderr >&2; echo /proc/self/fd/*'
    const command = ['sh', '-c', script, 'a b', '--', "it's $HOME"]
    const [ours, plain] = [startCommand(command), start(command)]
    for (const { child } of [ours, plain]) child.stdin.end('from stdin\n')
    const [{ stdout, stderr }, expected] = await Promise.all([ours.finished, plain.finished])
    expect(stdout).toBe(expected.stdout)
    expect(stderr).toMatch(/^to-stderr\nrecorded 0 attempts/)
  })

  test.each([
    ['SIGTERM', 'TERM'],
    ['SIGINT', 'INT'],
    ['SIGHUP', 'HUP'],
    ['SIGUSR1', 'USR1'],
  ] as const)('passes on %s, and the command decides what to do', async (signal, name) => {
    // A session of its own: with a shared terminal, Ctrl-C would reach the command directly.
    const running = startCommand(['sh', '-c', `trap 'exit 7' ${name}; echo ready; ${WAIT}`], { under: ['setsid'] })
    await firstOutput(running)
    running.child.kill(signal)
    expect((await running.finished).status).toBe(7)
  })

  test('reports a command that cannot be started because its user has too many processes', async () => {
    const directory = makeTemporaryDirectory()
    chownSync(directory, GAMES_UID, GAMES_GID)
    const file = join(directory, 'trace.db')
    const options = { under: ['prlimit', '--nproc=1'], env: SUDO_GAMES }
    const result = await runTool(['record', file, '--', 'true'], options)
    expectError(result, 'E_COMMAND_NOT_STARTED', 126)
    expect(result.stderr).toContain('EAGAIN')
    expect(readSession(file)).toMatchObject({ end_reason: 'error' })
  })

  test('--duration ends the recording before the command ends', async () => {
    const { status, file, stderr } = await runCommand(['sh', '-c', 'sleep 0.8; exit 4'], { args: ['-d', '200ms'] })
    expect(status).toBe(4)
    expect(readSession(file)).toMatchObject({ end_reason: 'duration' })
    expect(stderr).toContain('recorded 0 attempts')
  })
})

function startCommand(command: readonly string[], { args = [], ...options }: ToolOptions & { args?: string[] } = {}) {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  return { file, ...startTool(['record', file, ...args, '--', ...command], options) }
}

async function runCommand(command: readonly string[], options: ToolOptions & { args?: string[] } = {}) {
  const { file, child, finished } = startCommand(command, options)
  child.stdin.end()
  return { file, ...((await finished) satisfies Finished) }
}

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatagrams } from '../../../src/record/native/libc.js'
import { describeKernel, skipUnlessNodeIsShared } from '../../support/kernel-tests.js'
import { readThreads } from '../../support/process-status.js'
import { firstOutput, start } from '../../support/process.js'
import { readOnlyBut } from '../../support/read-only.js'
import { waitUntilRecording } from '../../support/recorder.js'
import { REPOSITORY } from '../../support/repository.js'
import { listTraces } from '../../support/rotating-recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { linkTool, runTool, startTool } from '../../support/tool.js'
import { connectsOf, readSession } from '../../support/trace.js'
import { expectNever, waitUntil } from '../../support/wait-until.js'
import { connect, startWorkload } from '../../support/workload.js'

const UNIT = join(REPOSITORY, 'systemd/tcpconn.service')

describeKernel('record as a service', () => {
  test.each([
    ['a socket with a path', () => join(makeTemporaryDirectory(), 'notify')],
    ['an abstract socket', () => `@tcpconn-test-${process.pid}`],
  ])('notifies the manager when it records, while it runs, and when it stops: %s', async (_, makeName) => {
    const manager = await startManager(makeName())
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const recorder = startTool(['record', file], { env: { ...manager.env, WATCHDOG_USEC: '1000000' } })
    await waitUntil('READY=1', () => manager.lines().includes('READY=1'))
    const { pid } = await connect('127.0.0.1', 1000)
    await waitUntil('signs of life', () => manager.lines().filter((line) => line === 'WATCHDOG=1').length >= 4)
    recorder.child.kill('SIGTERM')
    expect(await recorder.finished).toMatchObject({ status: 0 })
    await waitUntil('STOPPING=1', () => manager.lines().includes('STOPPING=1'))
    const lines = manager.lines()
    expect(lines.indexOf('READY=1')).toBe(0)
    expect(lines.join('\n')).toMatch(new RegExp(`^STATUS=[\\d,]+ attempts? recorded, 0 lost; into ${file}$`, 'm'))
    expect(lines.at(-1)).toBe('STOPPING=1')
    expect(connectsOf(file, pid)).toHaveLength(1)
  })

  test('sends no watchdog message if its event loop is blocked', async () => {
    const manager = await startManager(join(makeTemporaryDirectory(), 'notify'))
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const hang = writeHang()
    const env = { ...manager.env, WATCHDOG_USEC: '400000', NODE_OPTIONS: `--require=${hang.script}` }
    const recorder = startTool(['record', file], { env })
    await waitUntil('READY=1', () => manager.lines().includes('READY=1'))
    process.kill(recorder.pid, 'SIGUSR2')
    await waitUntil('the loop to hang', () => existsSync(hang.sign))
    // Earlier messages of the recorder are in the queue before this one.
    expect(openDatagrams(manager.env.NOTIFY_SOCKET)?.('FENCE=1\n')).toBe(true)
    await waitUntil('what was sent before', () => manager.lines().includes('FENCE=1'))
    const isSignAfterFence = () => manager.lines().at(-1) !== 'FENCE=1'
    // Five times the interval between two watchdog messages.
    await expectNever('a sign of life', isSignAfterFence, 1000)
    rmSync(hang.sign)
    await waitUntil('another sign', isSignAfterFence)
  })

  test('notifies a busy manager of the beginning later', async () => {
    const manager = await startManager(join(makeTemporaryDirectory(), 'notify'))
    process.kill(manager.pid, 'SIGSTOP')
    await waitUntil('it to stand still', () => readThreads(manager.pid)[0]?.State?.startsWith('T'))
    fillQueue(manager.env.NOTIFY_SOCKET)
    const recorder = startTool(['record', join(makeTemporaryDirectory(), 'trace.db')], { env: manager.env })
    await waitUntilRecording(recorder, (path) => path.endsWith('-wal'))
    process.kill(manager.pid, 'SIGCONT')
    await waitUntil('READY=1', () => manager.lines().includes('READY=1'))
  })

  test('does not pass the variables of the service manager on to the command', async () => {
    const manager = await startManager(join(makeTemporaryDirectory(), 'notify'))
    const env = { ...manager.env, WATCHDOG_USEC: '1000000', WATCHDOG_PID: '1' }
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const { stdout } = await runTool(['record', file, '--quiet', '--', 'env'], { env })
    expect(stdout).toContain('PATH=')
    expect(stdout).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/)
  })

  test('records without a manager, and after it has ended', async () => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const env = { NOTIFY_SOCKET: '/nonexistent/notify', WATCHDOG_USEC: '1000' }
    expect(await runTool(['record', file, '-d', '300ms'], { env })).toMatchObject({ status: 0 })
  })

  test("the unit's command line works with the capabilities, namespaces and directory that the unit allows (SEC-14)", async (context) => {
    skipUnlessNodeIsShared(context)
    const manager = await startManager(join(makeTemporaryDirectory(), 'notify'))
    const [state, elsewhere] = [makeTemporaryDirectory(), makeTemporaryDirectory()]
    const path = `${dirname(linkTool('tcpconn'))}:${process.env.PATH}`
    const kept = setting('CapabilityBoundingSet').toLowerCase().replaceAll('cap_', '+').split(' ').join(',')
    const limits = [
      'unshare',
      '--net',
      ...readOnlyBut(state, elsewhere),
      'setpriv',
      '--inh-caps=-all',
      `--bounding-set=-all,${kept}`,
      '--no-new-privs',
    ]
    const command = setting('ExecStart').replaceAll('${STATE_DIRECTORY}', state).split(' ')
    const recorder = start([...limits, ...command], { env: { ...manager.env, PATH: path, STATE_DIRECTORY: state } })
    recorder.child.stdin.end()
    const ended = recorder.finished.then(({ stderr }) => stderr)
    await Promise.race([
      waitUntil('READY=1', () => manager.lines().includes('READY=1')),
      ended.then((stderr) => Promise.reject(new Error(`it ended: ${stderr}`))),
    ])
    const { pid } = await connect('127.0.0.1', 1000)
    recorder.child.kill('SIGTERM')
    expect(await recorder.finished).toMatchObject({ status: 0 })
    const [file = ''] = listNames(state)
    expect(connectsOf(file, pid)).toHaveLength(1)
    expect(readSession(file)).toMatchObject({ end_reason: 'terminate' })
    expect(readSession(file).kernel_attempts_max).not.toBeNull()
  })
})

const listNames = (directory: string) => listTraces(directory, 'tcpconn')

/** The value of a setting of the unit; joins continued lines. */
function setting(name: string): string {
  const text = readFileSync(UNIT, 'utf8').replaceAll(/\\\n\s*/g, '')
  const value = new RegExp(`^${name}=(.+)$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`the unit has no ${name}`)
  return value
}

/** Acts as the service manager. */
async function startManager(socket: string) {
  const running = startWorkload('notify-socket', [socket])
  await firstOutput(running)
  const lines = () => running.output().split('\n').slice(1, -1)
  return { pid: running.pid, env: { NOTIFY_SOCKET: socket }, lines }
}

/** Fills the queue of a socket that nobody reads. The kernel also limits the messages of one sender. */
function fillQueue(path: string): void {
  for (let senders = 0; senders < 100; senders++) {
    const send = openDatagrams(path) ?? (() => true)
    let sent = 0
    while (sent < 10_000 && send('FILLED=1\n')) sent++
    if (sent === 0) return
  }
  throw new Error(`${path} takes whatever it is sent`)
}

/**
 * A script that blocks Node's event loop after SIGUSR2, like a disk that does not respond: it creates the file `sign`,
 * and waits until it is removed.
 */
function writeHang(): { script: string; sign: string } {
  const directory = makeTemporaryDirectory()
  const [script, sign] = [join(directory, 'hang.cjs'), join(directory, 'sign')]
  writeFileSync(
    script,
    `const { existsSync, writeFileSync } = require('node:fs')
    const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    process.on('SIGUSR2', () => {
      writeFileSync('${sign}', '')
      while (existsSync('${sign}')) wait()
    })`,
  )
  return { script, sign }
}

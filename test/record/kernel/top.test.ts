import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import { addSilentLink, makeNetworkNamespace, SILENT_ADDRESS } from '../../support/network-namespace.js'
import { start } from '../../support/process.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { waitUntilRecording } from '../../support/recorder.js'
import { startTerminal } from '../../support/terminal.js'
import { startTool, toolCommand } from '../../support/tool.js'
import { queryTrace } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, generateLoad, startWorkload } from '../../support/workload.js'

/** Far longer than any test. */
const LONGEST = ['--duration', '20m']
/** More than fits into the ring: if the terminal blocked the reader, attempts would be lost. */
const MORE_THAN_THE_RING = 150_000

/** Losses of attempts. Other losses, such as those of new cgroups, depend on what else the host does. */
const LOST_ATTEMPTS = /LOST [\d,]+ attempts?/

/** Target of a descriptor that is open while the probe is loaded. */
const isProbe = (path: string) => path === 'anon_inode:bpf-prog'

/** Cells of a row of `top --once`. */
function rowOf(stdout: string, name: string): string[] | undefined {
  const line = stdout.split('\n').find((one) => one.startsWith(`${name} `))
  return line?.split(/ +/)
}

describeKernel('top', () => {
  test('--once prints the attempts of one interval, by endpoint', async () => {
    const [open, closed] = [await listen(), await findClosedPort()]
    const once = startTool(['top', '--once', ...LONGEST, '-P', `${open},${closed}`])
    await waitUntilRecording(once, isProbe)
    await connect('127.0.0.1', open, ['--count', '5'])
    await connect('127.0.0.1', closed)
    once.child.kill('SIGINT')
    const { status, stdout, stderr } = await once.finished
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^tcpconn top, live, .*: the last \d+ s by endpoint, .*\nsince the start: \d+ attempts, 1 failed\n/,
    )
    expect(rowOf(stdout, `127.0.0.1:${open}`)?.slice(2, 4)).toEqual(['0', '0.0%'])
    expect(rowOf(stdout, `127.0.0.1:${closed}`)?.slice(3, 4)).toEqual(['100.0%'])
  })

  test('in a terminal shows attempts, including pending ones, and opens a row', async () => {
    const namespace = makeNetworkNamespace()
    addSilentLink(namespace)
    const terminal = await startTerminal(120, 30)
    await terminal.run(['top', ...LONGEST, '--dst', '10.88.0.0/16'])
    await terminal.waitFor(/tcpconn top, live, [^]*q: quit/)
    const client = startWorkload('connect', [SILENT_ADDRESS, '80'], { under: namespace.exec })
    await terminal.waitFor(/>10\.88\.0\.2:80 +0 +0 +- +- +- +0 +1/)
    client.child.kill('SIGKILL')
    await client.finished
    await terminal.waitFor(/>10\.88\.0\.2:80 .* 100\.0% +- +- +\d+ +0/)
    await terminal.press('Enter')
    await terminal.waitFor(/FAILURES\n.*\n +1 cancelled [^]*LATEST ATTEMPTS\n.*\n.* cancelled /)
    await terminal.type('q')
    await terminal.waitFor(/ended with 0/)
  })

  test('pausing freezes the table, and nothing is lost', async () => {
    const port = await findClosedPort()
    const terminal = await startTerminal(120, 30)
    await terminal.run(['top', ...LONGEST, '-P', `${port}`])
    await terminal.waitFor(/live[^]*q: quit/)
    await connect('127.0.0.1', port)
    await terminal.waitFor(/since the start: 1 attempt, 1 failed/)
    await terminal.type('p')
    await terminal.waitFor(/PAUSED/)
    await generateLoad(['--mode', 'refused', '--port', `${port}`, '--count', '500'])
    await terminal.type('7')
    await terminal.waitFor(/by port[^]*since the start: 1 attempt, 1 failed[^]*PAUSED/)
    await terminal.type('p')
    await terminal.waitFor(/since the start: 501 attempts, 501 failed/)
    await terminal.press('C-c')
    await terminal.waitFor(/ended with 0/)
    expect((await terminal.screen()).join('\n')).not.toMatch(LOST_ATTEMPTS)
  })

  test('-o records the shown attempts, and prints the summary', async () => {
    const [file, port] = [join(makeTemporaryDirectory(), 'trace.db'), await findClosedPort()]
    const terminal = await startTerminal(120, 30)
    await terminal.run(['top', '-o', file, ...LONGEST, '-P', `${port}`])
    await terminal.waitFor(/live[^]*q: quit/)
    await generateLoad(['--mode', 'refused', '--port', `${port}`, '--count', '2000'])
    await terminal.waitFor(/since the start: 2,000 attempts, 2,000 failed/)
    await terminal.type('q')
    await terminal.waitFor(/recorded 2,000 attempts [^]*ended with 0/)
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1')
    expect(queryTrace(file, 'SELECT count(*) AS count FROM connects')).toEqual([{ count: 2000 }])
  })

  test('a terminal that does not read does not block the reader of the ring', async () => {
    const port = await findClosedPort()
    const tool = toolCommand(['top', ...LONGEST, '-P', `${port}`]).map((word) => `'${word}'`)
    const shell = `stty cols 200 rows 60; exec ${tool.join(' ')}`
    const running = start(['script', '--quiet', '--return', '--command', shell, '/dev/null'])
    await waitUntil('the table', () => running.output().includes('q: quit'))
    running.child.kill('SIGSTOP')
    const load = ['--mode', 'refused', '--port', `${port}`, '--count', `${MORE_THAN_THE_RING}`, '--rate', '10000']
    await generateLoad(load)
    running.child.kill('SIGCONT')
    await waitUntil('the table after all attempts', () => running.output().includes('150,000 attempts'))
    running.child.stdin.write('q')
    const { status, stdout } = await running.finished
    expect(status).toBe(0)
    expect(stdout).not.toMatch(LOST_ATTEMPTS)
  })

  test('loses nothing at the highest rate of the load generator', async () => {
    const port = await findClosedPort()
    const once = startTool(['top', '-P', `${port}`, '--once', '--duration', '20m'], { under: ['nice', '-n', '-20'] })
    await waitUntilRecording(once, isProbe)
    await generateLoad(['--mode', 'refused', '--port', `${port}`, '--count', '300000'])
    once.child.kill('SIGINT')
    const { status, stdout, stderr } = await once.finished
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('since the start: 300,000 attempts, 300,000 failed')
    expect(stdout).not.toMatch(LOST_ATTEMPTS)
  })
})

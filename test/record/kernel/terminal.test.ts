import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { firstOutput, run, start, type Finished, type Running } from '../../support/process.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, toolCommand } from '../../support/tool.js'
import { readSession } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

/** `\r`, erase to the end of the line, and the line itself. */
const STATUS = /\r\u001b\[K(\d+s(, [\w ]+ left)?  \d[\d,]* attempts  [^\r\n]*)/g

describeKernel('status line and summary', () => {
  test('on a terminal: a status line that is redrawn, and then the summary', async () => {
    const running = start(onTerminal(['--duration', '20m'], 'cols 120'))
    await connect('127.0.0.1', 1000)
    const { stdout, status } = await interruptAfter(running, 2)
    const lines = [...stdout.matchAll(STATUS)].map(([, line]) => line)
    expect(status).toBe(0)
    expect(lines.length).toBeGreaterThanOrEqual(2)
    expect(lines[0]).toMatch(/left .* attempts .*\/s .* failed .*p50 .*p99 .* lost .*B$/)
    expect(stdout).toMatch(/\r\u001b\[Krecorded \d/)
  })

  test('no line is wider than the terminal', async () => {
    const { stdout } = await interruptAfter(start(onTerminal([], 'cols 40')), 1)
    const lengths = [...stdout.matchAll(STATUS)].map(([, line = '']) => line.length)
    expect(lengths.length).toBeGreaterThan(0)
    expect(Math.max(...lengths)).toBeLessThan(40)
  })

  test('a terminal without a known width, such as a serial line', async () => {
    const { stdout } = await interruptAfter(start(onTerminal([], 'cols 0')), 1)
    expect(stdout).toMatch(STATUS)
  })

  test('on a terminal with -q: no output', async () => {
    const { stdout, stderr } = await run(onTerminal(['-q', '--duration', '600ms'], 'cols 120'))
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
  })

  test('without a terminal: no status line, and all output on stderr', async () => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const { stdout, stderr } = await runTool(['record', file, '--duration', '700ms'])
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^recorded [\d,]+ attempts? in 7\d\d ms into [^\n]*\n(.+\n)*completeness: .*\n$/)
  })

  test('without a terminal, with -q: no output', async () => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const result = await runTool(['record', file, '-q', '--duration', '100ms'])
    expect(result).toMatchObject({ status: 0, stdout: '', stderr: '' })
  })

  test('closing the terminal ends the recording', async () => {
    const directory = makeTemporaryDirectory()
    // script(1) runs the shell as the session leader of the terminal; the shell executes the recorder.
    const running = start(onTerminal(['--duration', '30s'], 'cols 120', directory))
    await waitUntil('the status line', () => running.output().includes('attempts'))
    running.child.kill('SIGKILL')
    const reason = await waitUntil('its end', () => readSession(join(directory, 'trace.db')).end_reason)
    expect(reason).toBe('terminate')
  })

  test('Ctrl-C reaches the command once, through the terminal', async () => {
    const script = 'trap "echo got; got=1" INT; echo ready; while [ -z "$got" ]; do sleep 0.1; done; sleep 0.5; exit 5'
    const running = start(onTerminal(['--', 'sh', '-c', script], 'cols 120'))
    await firstOutput(running)
    running.child.stdin.write('\u0003')
    const { stdout, status } = await running.finished
    expect(stdout.match(/got/g)).toEqual(['got'])
    expect(stdout).toContain('recorded 0 attempts')
    expect(status).toBe(5)
  })

  test('in the background of a terminal, SIGINT is passed on', async () => {
    const directory = makeTemporaryDirectory()
    const [file, sign] = [join(directory, 'trace.db'), join(directory, 'sign')]
    const script = 'trap "exit 7" INT; : > "$0"; for i in $(seq 600); do sleep 0.1; done'
    const tool = toolCommand(['record', file, '--', 'sh', '-c', script, sign]).map(quote).join(' ')
    const job = `set -m; ${tool} & until [ -e ${sign} ]; do sleep 0.05; done; kill -INT $!; wait $!`
    const { status } = await run(['script', '--quiet', '--return', '--command', job, '/dev/null'])
    expect(status).toBe(7)
  })
})

/** Ends a recording with Ctrl-C after this many status lines. */
function interruptAfter(running: Running, lines: number): Promise<Finished> {
  const areShown = () => [...running.output().matchAll(STATUS)].length >= lines
  return waitUntil('the status lines', areShown).then(() => {
    running.child.stdin.write('\u0003')
    return running.finished
  })
}

/** A pseudo-terminal, whose output script(1) copies to its own stdout. */
function onTerminal(args: readonly string[], size: string, directory = makeTemporaryDirectory()): string[] {
  const file = join(directory, 'trace.db')
  const quoted = toolCommand(['record', file, ...args]).map(quote)
  return ['script', '--quiet', '--return', '--command', `stty ${size}; exec ${quoted.join(' ')}`, '/dev/null']
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { TOP_DIMENSION_NAMES } from '../src/top/window/dimensions.js'
import { HOSTILE_NAMES } from './top/frame/hostile-names.js'
import { expectError } from './support/error-lines.js'
import { start } from './support/process.js'
import { startTerminal } from './support/terminal.js'
import { runTool, toolCommand } from './support/tool.js'
import { makeTopTrace, manyEndpoints, newEndpointsEachSecond, tenSeconds } from './support/top-trace.js'
import { waitUntil } from './support/wait-until.js'

/** Looks at what was written, and bytes between the first and last of them when no frame is taken any more. */
const [LOOKS, FEW_BYTES] = [30, 500]
/** Far slower than time: the replay stays where it is. */
const SLOW = ['--speed', '0.001x']

describe('top FILE --once', () => {
  test('prints the table of the end of the trace, without a terminal', async () => {
    const { status, stdout, stderr } = await runTool(['top', makeTopTrace(tenSeconds()), '--once'])
    expect([status, stderr]).toEqual([0, ''])
    const [title, totals, ...table] = stdout.trimEnd().split('\n')
    expect(title).toMatch(/^tcpconn top, end of the trace, 2023-11-14 22:13:\d\dZ: the last 10 s by endpoint, ATT\/S/)
    expect(totals).toBe('since the start: 108 attempts, 10 failed')
    const cells = table.map((line) => line.split(/ +/).slice(0, 8))
    expect(cells).toEqual([
      ['ENDPOINT', 'ATT/S', 'FAIL/S', 'FAIL%', 'P50', 'P99', 'RETR', 'PEND'],
      ['TOTAL', '11', '1.0', '9.3%', '2.01', 'ms', '2.01', 'ms'],
      ['192.0.2.1:443', '10', '1.0', '10.0%', '2.01', 'ms', '2.01', 'ms'],
      ['192.0.2.1:80', '0.8', '0', '0.0%', '1.00', 'ms', '1.00', 'ms'],
    ])
  })

  test.each(TOP_DIMENSION_NAMES)('by %s', async (by) => {
    const { status, stdout } = await runTool(['top', makeTopTrace(tenSeconds()), '--once', '--by', by])
    expect(status).toBe(0)
    expect(stdout).toContain(` by ${by}, `)
    expect(stdout.trimEnd().split('\n').length).toBeGreaterThanOrEqual(5)
  })

  test('with filters and times has what they leave', async () => {
    const file = makeTopTrace(tenSeconds())
    const { stdout } = await runTool(['top', file, '--once', '-P', '80', '--until', '+5m', '--min-latency', '0.5'])
    expect(stdout).toContain('since the start: 8 attempts, 0 failed')
    const refused = await runTool(['top', file, '--once', '--outcome', 'refused'])
    expect(refused.stdout).toContain('since the start: 10 attempts, 10 failed')
  })

  test('prints 10,000 endpoints', async () => {
    const { stdout } = await runTool(['top', makeTopTrace(manyEndpoints(10_000)), '--once'])
    expect(stdout.match(/^10\./gm)).toHaveLength(10_000)
  })

  test('reports missing data on stderr', async () => {
    const { stderr } = await runTool(['top', makeTopTrace(tenSeconds()), '--once', '--by', 'dns'])
    expect(stderr).toMatch(/recorded without --dns/)
  })
})

describe('wrong use', () => {
  test('without a terminal, the error names --once', async () => {
    const finished = await runTool(['top', makeTopTrace(tenSeconds())])
    expectError(finished, 'E_TERMINAL')
    expect(finished.stderr).toContain('--once')
  })

  test.each([
    [['--by', 'pid'], /--by.*"pid" is not accepted/],
    [['--speed', '0'], /--speed.*"0" is not accepted/],
    [['--speed', 'fast'], /--speed/],
    [['--speed', '2x', '--step'], /no --step beside it/],
    [['--once', '--speed', '2x'], /--once takes no --speed beside it/],
    [['--once', '--step'], /--once takes no --step beside it/],
    [['--duration', '5s'], /--duration takes effect only without FILE/],
    [['-o', 'x.db'], /--output takes effect only without FILE/],
    [['--dns=libc'], /--dns takes effect only without FILE/],
    [['--cgroupmap', '/x'], /--cgroupmap takes effect only without FILE/],
  ])('FILE %j', async (args, pattern) => {
    const { status, stderr } = await runTool(['top', makeTopTrace(tenSeconds()), ...args])
    expect([status, stderr]).toEqual([2, expect.stringMatching(pattern)])
  })

  test.each([['--speed', '2x'], ['--step'], ['--last', '1m'], ['--session', 'all']])(
    '%s without FILE',
    async (...args) => {
      const { status, stderr } = await runTool(['top', '--once', ...args])
      expect([status, stderr]).toEqual([2, expect.stringContaining('effect only with a trace: tcpconn top FILE')])
    },
  )
})

describe('in a terminal', () => {
  test('keys sort, change the dimension, filter, pause, and open a row', async () => {
    const terminal = await startTerminal()
    await terminal.run(['top', makeTopTrace(tenSeconds()), '--speed', '1000x'])
    await terminal.waitFor(
      /end of the trace.* by endpoint, ATT\/S descending\n.*108 attempts[^]*>192\.0\.2\.1:443 [^]*q: quit/,
    )
    await terminal.press('Left')
    await terminal.waitFor(/ENDPOINT ascending/)
    await terminal.type('r')
    await terminal.waitFor(/ENDPOINT descending[^]*:443[^]*:80 /)
    await terminal.type('7')
    await terminal.waitFor(/ by port, .*[^]*>443 /)
    await terminal.type('b')
    await terminal.waitFor(/ by pod, /)
    await terminal.type('1')
    await terminal.waitFor(/ by endpoint, /)
    await terminal.type('/:80')
    await terminal.waitFor(/TOTAL.*\n>192\.0\.2\.1:80 .*\n\n[^]*filter: :80_/)
    await terminal.press('Enter', 'Enter')
    await terminal.waitFor(/FAILURES\nnone\n\nLATEST ATTEMPTS\n.*\n(.*established.*\n){8}/)
    await terminal.press('BSpace')
    await terminal.waitFor(/; filter: :80\n/)
    await terminal.press('Escape')
    await terminal.waitFor(/192\.0\.2\.1:443/)
    await terminal.type('h')
    await terminal.waitFor(/reverse the order/)
    await terminal.type('hp')
    await terminal.waitFor(/PAUSED, p: continue/)
    await terminal.type('q')
    await terminal.waitFor(/ended with 0/)
  })

  test('--step waits for a key, and n goes on to the next second with an attempt', async () => {
    const file = makeTopTrace([{ startedNs: 0n }, { startedNs: 1_500_000_000n }, { startedNs: 3_600_000_000_000n }])
    const terminal = await startTerminal()
    await terminal.run(['top', file, '--step'])
    await terminal.waitFor(/replay paused.*the last 0 s/)
    for (const count of [1, 2]) {
      await terminal.type('n')
      await terminal.waitFor(new RegExp(`replay paused.*the last ${count} s .*\n.*: ${count} attempts?,`))
    }
    await terminal.type('n')
    await terminal.waitFor(/end of the trace, 2023-11-14 23:13:2\dZ: the last minute .*\n.*: 3 attempts,/)
    await terminal.press('C-c')
    await terminal.waitFor(/ended with 0/)
  })

  test('--speed replays at its speed, and pausing stops it', async () => {
    const terminal = await startTerminal()
    await terminal.run(['top', makeTopTrace(tenSeconds()), '--speed', '4x'])
    await terminal.waitFor(/replay at 4x.*\n.*: [1-9]\d attempts/)
    await terminal.type('p')
    const paused = await terminal.waitFor(/replay paused[^]*PAUSED/)
    await terminal.type('hx')
    expect((await terminal.waitFor(/replay paused[^]*PAUSED/)).split('\n').slice(1)).toEqual(
      paused.split('\n').slice(1),
    )
    await terminal.type('p')
    await terminal.waitFor(/end of the trace.*\n.*: 108 attempts/)
    await terminal.type('q')
  })

  test('is redrawn when the size changes, also to a tiny one', async () => {
    const terminal = await startTerminal()
    await terminal.run(['top', makeTopTrace(tenSeconds()), ...SLOW])
    await terminal.waitFor(/RETR PEND LAST MINUTE[^]*q: quit/)
    await terminal.resize(40, 12)
    await terminal.waitFor(/^ ENDPOINT [^]*p: pause/m)
    for (const line of await terminal.screen()) expect(line.length).toBeLessThanOrEqual(40)
    await terminal.resize(10, 3)
    await terminal.waitFor(/^tcpconn/)
    await terminal.resize(140, 40)
    await terminal.waitFor(/RETR PEND LAST MINUTE[^]*q: quit/)
    expect(await terminal.screen()).toHaveLength(40)
    await terminal.type('q')
  })

  test.each([
    ...['q', 'Ctrl-C', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((how) => [how, 0] as const),
    ...(['SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGUSR2'] as const).map(
      (how) => [how, 128 + constants.signals[how]] as const,
    ),
  ])('%s restores the terminal, and the status is %i', async (how, status) => {
    const terminal = await startTerminal()
    const before = await terminal.settings()
    await terminal.run(['top', makeTopTrace(tenSeconds()), ...SLOW])
    await terminal.waitFor(/q: quit/)
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('1 0')
    if (how === 'q') await terminal.type('q')
    else if (how === 'Ctrl-C') await terminal.press('C-c')
    else process.kill(await findTool(terminal), how as NodeJS.Signals)
    await terminal.waitFor(new RegExp(`ended with ${status}\\b`))
    expect(await terminal.ask('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1')
    expect(await terminal.settings()).toBe(before)
  })

  test.each(['C-z', 'SIGTSTP'])('%s stops it and restores the terminal, fg draws it again', async (how) => {
    const terminal = await startTerminal()
    const before = await terminal.settings()
    await terminal.run(['top', makeTopTrace(tenSeconds()), ...SLOW])
    await terminal.waitFor(/q: quit/)
    if (how === 'C-z') await terminal.press('C-z')
    else process.kill(await findTool(terminal), 'SIGTSTP')
    await terminal.waitFor(/Stopped/)
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1')
    expect(await terminal.settings()).toBe(before)
    await terminal.type('fg')
    await terminal.press('Enter')
    await terminal.waitFor(/tcpconn top, replay at [^]*q: quit/)
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('1 0')
    await terminal.type('q')
    await terminal.waitFor(/\$\s*$/)
    expect(await terminal.settings()).toBe(before)
  })

  test('an error restores the terminal before it is printed', async () => {
    const terminal = await startTerminal()
    const before = await terminal.settings()
    const file = makeTopTrace(tenSeconds())
    const preload = `data:text/javascript,setInterval(()=>{if(process.stdin.isRaw)throw(new(Error)('planted'))},200)`
    await terminal.run(['top', file, ...SLOW], `NODE_OPTIONS=--import="${preload}"`)
    await terminal.waitFor(/planted[^]*ended with 1/)
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1')
    expect(await terminal.settings()).toBe(before)
  })

  test('10,000 endpoints: the last page is the last one', async () => {
    const terminal = await startTerminal()
    await terminal.run(['top', makeTopTrace(manyEndpoints(10_000)), '--speed', '1000x'])
    await terminal.waitFor(/end of the trace.*\n.*: 10,000 attempts/)
    await terminal.press('Left', 'End')
    await terminal.waitFor(/^>10\.0\.39\.15:443 /m)
    await terminal.press('Home')
    await terminal.waitFor(/^>10\.0\.0\.0:443 /m)
    await terminal.type('q')
    await terminal.waitFor(/ended with 0/)
  })

  test('hostile names are inert, and columns stay aligned on the screen', async () => {
    const names = HOSTILE_NAMES.filter((name) => name !== '' && Buffer.byteLength(name) < 16)
    const events = names.map((comm, i) => ({ startedNs: BigInt(i), pid: 900 + i, comm, latencyNs: 1_000_000n }))
    const terminal = await startTerminal(100, 30)
    await terminal.run(['top', makeTopTrace(events), '--speed', '1000x', '--by', 'comm'])
    const text = await terminal.waitFor(/end of the trace[^]*q: quit/)
    const rows = text.split('\n').filter((line) => / 1\.0 +0 +0\.0% 1\.00 ms/.test(line))
    expect(rows.length).toBe(new Set(names).size)
    expect(await terminal.ask('#{cursor_flag} #{pane_title}')).not.toMatch(/^1|t$/)
    expect(text.split('\n').at(-1)).toContain('q: quit')
    await terminal.type('q')
    await terminal.waitFor(/ended with 0/)
  })

  test('NO_COLOR has no colours, and still marks the selected row', async () => {
    const terminal = await startTerminal()
    await terminal.run(['top', makeTopTrace(tenSeconds()), '--speed', '1000x'], 'NO_COLOR=1')
    await terminal.waitFor(/end of the trace[^]*>192/)
    await terminal.type('q')
    await terminal.waitFor(/ended with 0/)
  })
})

test('a terminal that takes nothing does not keep it from ending', async () => {
  const command = toolCommand(['top', makeTopTrace(newEndpointsEachSecond()), '--speed', '4x'])
  const quoted = command.map((word) => `'${word}'`).join(' ')
  const running = start([
    'script',
    '--quiet',
    '--return',
    '--command',
    `stty cols 200 rows 60; exec ${quoted}`,
    '/dev/null',
  ])
  await waitUntil('the table', () => running.output().includes('q: quit'))
  const tool = childOf(running.pid)
  running.child.kill('SIGSTOP')
  // Its frames fill the terminal's buffer, of some kilobytes.
  const written = () => Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${tool}/io`, 'utf8'))?.[1])
  const looks = [written()]
  // It also wakes its own threads, with 8 bytes.
  const isFull = () => looks.push(written()) > LOOKS && (looks.at(-1) ?? 0) - (looks.at(-LOOKS) ?? 0) < FEW_BYTES
  await waitUntil('a full terminal', isFull, { everyMs: 100 })
  process.kill(tool, 'SIGTERM')
  await waitUntil('its end', () => isGone(tool))
  running.child.kill('SIGCONT')
  expect(await running.finished).toMatchObject({ status: 0 })
})

/** The tool in a terminal: the child of its shell. */
async function findTool(terminal: Awaited<ReturnType<typeof startTerminal>>): Promise<number> {
  return childOf(Number(await terminal.ask('#{pane_pid}')))
}

function childOf(pid: number): number {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return Number(child)
}

/** Whether it has ended, as a zombie too: its parent is stopped. */
function isGone(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}

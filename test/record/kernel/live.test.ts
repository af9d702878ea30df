import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel, skipUnlessNodeIsShared } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import { LONGEST, startLive, waitForRows } from '../../support/live.js'
import { SILENT_ADDRESS, addSilentLink, makeNetworkNamespace } from '../../support/network-namespace.js'
import { firstOutput, start, type Running } from '../../support/process.js'
import { startTool, runTool, toolCommand } from '../../support/tool.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { onlyConnectOf, queryTrace } from '../../support/trace.js'
import { asNobody } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, generateLoad, startWorkload } from '../../support/workload.js'

/** Ends live with Ctrl-C. Returns its rows: cells by heading. */
async function stopLive({ child, finished }: Running): Promise<Record<string, string>[]> {
  child.kill('SIGINT')
  const { status, stdout, stderr } = await finished
  expect([status, stderr]).toEqual([0, ''])
  const [header = '', ...lines] = stdout.trimEnd().split('\n')
  const headings = header.split(/\s+/)
  return lines.map((line) => Object.fromEntries(line.split(/\s+/).map((cell, i) => [headings[i] ?? `extra${i}`, cell])))
}

/** Target of a link; empty if the link no longer exists. */
function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

const rowsOf = (rows: readonly Record<string, string>[], pid: number) => rows.filter((row) => row.PID === String(pid))

describeKernel('live', () => {
  test('shows each attempt once, with the requested columns', async () => {
    const [open, closed] = [await listen(), await findClosedPort()]
    const live = await startLive(['-t', '-U', '-L', '--outcome', '--namespaces', '--container'])
    const established = await connect('127.0.0.1', open)
    const refused = await connect('::1', closed)
    const rows = await stopLive(live)
    expect(rowsOf(rows, established.pid)).toEqual([
      expect.objectContaining({
        UID: '0',
        COMM: 'connect',
        IP: '4',
        SADDR: '127.0.0.1',
        LPORT: String(established.local_port),
        DADDR: '127.0.0.1',
        DPORT: String(open),
        OUTCOME: 'established',
        RETR: '0',
        NETNS: expect.stringMatching(/^\d+$/),
      }),
    ])
    expect(rowsOf(rows, refused.pid)).toEqual([
      expect.objectContaining({ IP: '6', SADDR: '::1', DADDR: '::1', DPORT: String(closed), OUTCOME: 'refused' }),
    ])
  })

  test('-d combined with other short options adds the last column', async () => {
    const port = await findClosedPort()
    const live = await startLive(['-dt', '-P', String(port)])
    const { pid } = await connect('127.0.0.1', port)
    const [row] = rowsOf(await stopLive(live), pid)
    expect(Object.entries(row ?? {}).at(-1)).toEqual(['QUERY', 'localhost'])
    expect(row?.['TIME(s)']).toBe('0.000')
  })

  test('writes rows while it runs, also into a pipe', async () => {
    const port = await findClosedPort()
    const live = await startLive([])
    const { pid } = await connect('127.0.0.1', port)
    await waitUntil('the row', () => new RegExp(`^${pid} .* ${port}$`, 'm').test(live.output()))
    await stopLive(live)
  })

  /**
   * Starts live with --duration and a reader that stops reading. Returns when more has happened than the pipe can hold,
   * before the duration ends. On a busy machine this takes a longer duration.
   */
  async function stopReading(): Promise<Running> {
    for (const seconds of [3, 10, 30, 90]) {
      const port = await findClosedPort()
      const live = startTool(['live', '-P', String(port), '--duration', String(seconds)])
      await firstOutput(live)
      live.child.stdout.pause()
      await generateLoad(['--mode', 'refused', '--port', String(port), '--count', '20000'])
      if (holdsProbe(live)) return live
      live.child.kill('SIGKILL')
    }
    throw new Error('20,000 attempts took longer than 90 s')
  }
  const holdsProbe = ({ pid }: Running) => {
    const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`))
    return targets.some((target) => target.includes('bpf-prog'))
  }

  test('--duration ends it while its reader does not read, and no row is lost', async () => {
    const live = await stopReading()
    await waitUntil('the end of the probe', () => !holdsProbe(live))
    live.child.stdout.resume()
    const { status, stdout, stderr } = await live.finished
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + 20_000)
  })

  test('after the duration, a signal ends the wait for the reader', async () => {
    const live = await stopReading()
    await waitUntil('the end of the probe', () => !holdsProbe(live))
    live.child.kill('SIGTERM')
    live.child.stdout.resume()
    expect(await live.finished).toMatchObject({ status: null, signal: 'SIGTERM' })
  })

  test('with --latency shows the columns of tcpconnlat, and only slow attempts', async () => {
    const port = await listen()
    const all = await startLive(['--latency'])
    const shown = await connect('127.0.0.1', port)
    const [row] = rowsOf(await stopLive(all), shown.pid)
    expect(Object.keys(row ?? {})).toEqual(['PID', 'COMM', 'IP', 'SADDR', 'DADDR', 'DPORT', 'LAT(ms)'])
    expect(Number(row?.['LAT(ms)'])).toBeGreaterThan(0)
    const slow = await startLive(['--latency', '5000'])
    const hidden = await connect('127.0.0.1', port)
    expect(rowsOf(await stopLive(slow), hidden.pid)).toEqual([])
  })

  test('shows an attempt as pending after 200 ms, and does not show it again', async () => {
    const namespace = makeNetworkNamespace()
    addSilentLink(namespace)
    const live = await startLive(['--outcome'])
    const client = startWorkload('connect', [SILENT_ADDRESS, '80'], { under: namespace.exec })
    await waitUntil('the row', () => live.output().includes(`${client.pid} `))
    client.child.kill('SIGKILL')
    await client.finished
    const rows = rowsOf(await stopLive(live), client.pid)
    expect(rows.map((row) => row.OUTCOME)).toEqual(['pending'])
  })

  test('filters in the kernel', async () => {
    const [wanted, other] = [await findClosedPort(), await listen()]
    const live = await startLive(['-P', String(wanted), '--outcome=refused'])
    const results = [await connect('127.0.0.1', wanted), await connect('127.0.0.1', other)]
    const rows = await stopLive(live)
    expect(rows.map((row) => row.PID)).toEqual([String(results[0]?.pid)])
  })

  test('loses none of 5,000 attempts, and sorts them by start within 100 ms', async () => {
    const port = await findClosedPort()
    const live = await startLive(['-t', '-P', String(port)])
    const { pid } = await generateLoad(['--mode', 'refused', '--port', String(port), '--count', '5000'])
    const startedS = rowsOf(await stopLive(live), pid).map((row) => Number(row['TIME(s)']))
    expect(startedS).toHaveLength(5000)
    let latestS = 0
    for (const oneS of startedS) {
      expect(oneS).toBeGreaterThan(latestS - 0.101)
      latestS = Math.max(latestS, oneS)
    }
  })

  test('-o records the shown attempts', async () => {
    const port = await findClosedPort()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const live = await startLive(['-P', String(port), '-o', file])
    const { pid } = await generateLoad(['--mode', 'refused', '--port', String(port), '--count', '3000'])
    live.child.kill('SIGINT')
    const { status, stdout, stderr } = await live.finished
    expect(status).toBe(0)
    expect(stderr).toMatch(/^recorded 3,000 attempts /)
    expect(stdout.split('\n').filter((line) => line.startsWith(`${pid} `))).toHaveLength(3000)
    expect(queryTrace(file, 'SELECT count(*) AS n FROM connects WHERE pid = ?', pid)).toEqual([{ n: 3000 }])
    expect(queryTrace(file, 'SELECT end_reason FROM session')).toEqual([{ end_reason: 'interrupt' }])
  })

  test('-o records attempts that its reader is too slow for, and reports how many rows are not shown (GAP-71)', async () => {
    const port = await findClosedPort()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const live = await startLive(['-P', String(port), '-o', file, '--namespaces', '--wide'])
    live.child.stdout.pause()
    const { attempts } = await generateLoad(['--mode', 'refused', '--port', String(port), '--count', '100000'])
    await waitUntil(
      'all rows',
      () => queryTrace<{ n: number }>(file, 'SELECT count(*) AS n FROM connects')[0]?.n === attempts,
    )
    live.child.kill('SIGINT')
    live.child.stdout.resume()
    const { status, stdout, stderr } = await live.finished
    expect(status).toBe(0)
    const [, hidden = ''] =
      /^([\d,]+) attempts not shown: the reader of stdout was too slow; all are in the trace$/m.exec(stderr) ?? []
    expect(Number(hidden.replaceAll(',', ''))).toBeGreaterThan(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + attempts - Number(hidden.replaceAll(',', '')))
  })

  test('-o ends the recording cleanly if its reader exits', async () => {
    const port = await findClosedPort()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const command = `${toolCommand(['live', ...LONGEST, '-o', file]).join(' ')} | head -n 1`
    const { finished, output } = start(['bash', '-c', `set -o pipefail; ${command}`])
    await waitUntil('the headings', () => output().includes('DADDR'))
    await connect('127.0.0.1', port, ['--count', '3'])
    expect(await finished).toMatchObject({ status: 0, stderr: expect.stringMatching(/^recorded /) })
    expect(queryTrace(file, 'SELECT end_reason FROM session')).toEqual([{ end_reason: 'interrupt' }])
  })

  test('-c counts, and prints the counts at the end', async () => {
    const port = await findClosedPort()
    const live = startTool(['live', ...LONGEST, '-c', '-P', String(port)])
    await once(live.child.stderr, 'data')
    await connect('127.0.0.1', port, ['--count', '3'])
    live.child.kill('SIGINT')
    const { stdout, stderr } = await live.finished
    expect(stderr).toBe('Tracing connect ... Hit Ctrl-C to end\n')
    const [blank, header, count] = stdout.split('\n')
    expect([blank, header?.split(/ +/)]).toEqual(['', ['LADDR', 'RADDR', 'RPORT', 'CONNECTS']])
    expect(count?.split(/ +/)).toEqual(['127.0.0.1', '127.0.0.1', String(port), '3'])
  })

  test('--json shows the values of the trace', async () => {
    const port = await listen()
    const live = startTool(['live', ...LONGEST, '--json'])
    await waitForRows(live)
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', port))
    await waitUntil('the row', () => live.output().includes(`"pid":${result.pid},`))
    live.child.kill('SIGINT')
    const { stdout } = await live.finished
    const lines = stdout.split('\n').filter((line) => line.includes(`"pid":${result.pid},`))
    expect(lines).toHaveLength(1)
    const { session_id: _, ...recorded } = onlyConnectOf(file, result.pid)
    const shown = JSON.parse(lines[0] as string)
    // Two probes timestamp an attempt one after the other, and two clocks are read.
    for (const name of ['started_ns', 'latency_ns', 'time'] as const) delete (recorded as Record<string, unknown>)[name]
    expect(shown).toMatchObject(recorded)
  })

  test('ends without an error if its reader exits', async () => {
    const port = await findClosedPort()
    const command = `${toolCommand(['live', ...LONGEST]).join(' ')} | head -n 1`
    const { finished, output } = start(['bash', '-c', `set -o pipefail; ${command}`])
    await waitUntil('the headings', () => output().includes('DADDR'))
    await connect('127.0.0.1', port, ['--count', '3'])
    const { status, stderr } = await finished
    expect([status, stderr]).toEqual([0, ''])
  })
})

test('without privileges reports the missing ones', async (context) => {
  skipUnlessNodeIsShared(context)
  expectError(await runTool(['live'], asNobody()), 'E_NOT_PRIVILEGED')
})

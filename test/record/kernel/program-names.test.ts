import { expect, test } from 'vitest'
import { makeCgroup } from '../../support/cgroup.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import { pinMap } from '../../support/pinned-map.js'
import { firstOutput, start, type Running } from '../../support/process.js'
import { linkTool } from '../../support/tool.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

/** Starts the tool under a name of bcc's, and returns when it records attempts. */
async function startNamed(name: string, args: readonly string[]): Promise<Running> {
  const running = start([linkTool(name), ...args])
  await firstOutput(running)
  return running
}

/** Ends it with Ctrl-C; returns the lines of stdout as cells. */
async function stopNamed({ child, finished }: Running): Promise<string[][]> {
  child.kill('SIGINT')
  const { status, stdout, stderr } = await finished
  expect([status, stderr]).toEqual([0, ''])
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s+/))
}

const lineOf = (pid: number, output: string) => output.split('\n').find((line) => line.includes(` ${pid} `))

describeKernel('named tcpconnect', () => {
  test('shows the columns and rows of tcpconnect, without a banner', async () => {
    const [open, closed] = [await listen(), await findClosedPort()]
    const tool = await startNamed('tcpconnect', ['-tUL', '-P', `${open},${closed}`])
    const answered = await connect('127.0.0.1', open)
    const refused = await connect('::1', closed)
    const [header, ...rows] = await stopNamed(tool)
    expect(header).toEqual(['TIME(s)', 'UID', 'PID', 'COMM', 'IP', 'SADDR', 'LPORT', 'DADDR', 'DPORT'])
    const cells = [answered, refused].map(({ pid, local_port: port }) => [String(pid), port])
    expect(rows).toEqual([
      ['0.000', '0', cells[0]?.[0], 'connect', '4', '127.0.0.1', String(cells[0]?.[1]), '127.0.0.1', String(open)],
      [expect.any(String), '0', cells[1]?.[0], 'connect', '6', '::1', expect.any(String), '::1', String(closed)],
    ])
  })

  test('filters by family, port, user and cgroup map', async () => {
    const [wanted, other] = [await findClosedPort(), await listen()]
    const [cgroup, map] = [makeCgroup(), pinMap({})]
    map.add(cgroup.id)
    const args = ['-4', '-Uu0', `-P${wanted}`, '-C', map.path, '-v']
    const tool = await startNamed('tcpconnect', args)
    const shown = await connect('127.0.0.1', wanted, [], { under: cgroup.exec })
    await connect('127.0.0.1', wanted)
    await connect('127.0.0.1', other, [], { under: cgroup.exec })
    await connect('::1', wanted, [], { under: cgroup.exec })
    const rows = await stopNamed(tool)
    expect(rows.map((row) => row[1])).toEqual(['PID', String(shown.pid)])
  })

  test('-d shows localhost for attempts without a lookup', async () => {
    const port = await findClosedPort()
    const tool = await startNamed('tcpconnect', ['-dt', '--port', String(port)])
    const { pid } = await connect('127.0.0.1', port)
    await waitUntil('the row', () => lineOf(pid, tool.output()))
    expect(tool.output()).toMatch(/^TIME\(s\) .* DPORT +QUERY\n/)
    expect(lineOf(pid, tool.output())).toMatch(new RegExp(` ${port} +localhost$`))
    await stopNamed(tool)
  })

  test('-c counts until Ctrl-C', async () => {
    const port = await findClosedPort()
    const tool = start([linkTool('tcpconnect'), '-cP', String(port)])
    let banner = ''
    tool.child.stderr.on('data', (chunk: string) => (banner += chunk))
    await waitUntil('the banner', () => banner)
    await connect('127.0.0.1', port, ['--count', '3'])
    tool.child.kill('SIGINT')
    const { status, stdout } = await tool.finished
    expect([status, banner]).toEqual([0, 'Tracing connect ... Hit Ctrl-C to end\n'])
    expect(stdout.trim().split(/\s+/)).toEqual([
      'LADDR',
      'RADDR',
      'RPORT',
      'CONNECTS',
      '127.0.0.1',
      '127.0.0.1',
      String(port),
      '3',
    ])
  })
})

describeKernel('named tcpconnlat', () => {
  test('shows the columns of tcpconnlat, for one process', async () => {
    const port = await listen()
    const tool = await startNamed('tcpconnlat', ['-tL', '0.0001'])
    const { pid, local_port } = await connect('127.0.0.1', port)
    const [header, ...rows] = await stopNamed(tool)
    expect(header).toEqual(['TIME(s)', 'PID', 'COMM', 'IP', 'SADDR', 'LPORT', 'DADDR', 'DPORT', 'LAT(ms)'])
    const mine = rows.filter((row) => row[1] === String(pid))
    const latency = expect.stringMatching(/^\d+\.\d\d$/)
    expect(mine.map((row) => row.slice(2))).toEqual([
      ['connect', '4', '127.0.0.1', String(local_port), '127.0.0.1', String(port), latency],
    ])
  })

  test('shows only slow attempts', async () => {
    const port = await listen()
    const tool = await startNamed('tcpconnlat', ['5000', '-p', '1'])
    await connect('127.0.0.1', port)
    expect(await stopNamed(tool)).toEqual([['PID', 'COMM', 'IP', 'SADDR', 'DADDR', 'DPORT', 'LAT(ms)']])
  })
})

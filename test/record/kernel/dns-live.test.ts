import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { expectError } from '../../support/error-lines.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { LONGEST, interrupt, startLive, waitForRows } from '../../support/live.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { onlyConnectOf, type ConnectRow } from '../../support/trace.js'
import { connect } from '../../support/workload.js'

const PORT = '5353'
const HOSTS = ['a.example,10.77.0.1', 'b.example,10.77.0.2', 'six.example,fd77::6'].map(
  (host) => `--host-record=${host}`,
)

/**
 * Looks up names and connects, at once and after a while. Also connects to an address without a lookup, and to
 * localhost.
 */
async function makeAttempts() {
  const namespace = makeAddressedNamespace()
  const { exec: under } = namespace
  await startDnsmasq(namespace, HOSTS)
  const port = Number(PORT)
  return {
    start: async () => ({
      atOnce: (await lookUp([{ name: 'A.example' }], { port, under })).pid,
      later: (await lookUp([{ name: 'b.example' }], { port, waitMs: 150, under })).pid,
      six: (await lookUp([{ name: 'six.example', type: 'AAAA' }], { port, under })).pid,
      unnamed: (await connect('10.77.0.3', port, [], { under })).pid,
      localhost: (await connect('::1', port, [], { under })).pid,
    }),
  }
}

/** The last column of the row of a process, under its heading. */
function queryOf(stdout: string, pid: number): string | undefined {
  const [header = '', ...lines] = stdout.split('\n')
  return lines.find((line) => line.startsWith(`${pid} `))?.slice(header.indexOf('QUERY'))
}

/** The text of a name's age: above 100 ms, in ms. */
function ageOf(file: string, pid: number): string {
  const ageMs = (onlyConnectOf(file, pid).dns_age_ns ?? 0) / 1e6
  return ageMs > 100 ? ` (${ageMs.toFixed(3)}ms)` : ''
}

describeKernel('live -d', () => {
  test('shows the name and its age as bcc does, and replay shows the same', async () => {
    const attempts = await makeAttempts()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const live = await startLive(['-d', '-P', PORT, '-o', file])
    const pids = await attempts.start()
    const { status, stdout } = await interrupt(live)
    expect(status).toBe(0)
    expect(queryOf(stdout, pids.atOnce)).toBe(`a.example${ageOf(file, pids.atOnce)}`)
    expect(queryOf(stdout, pids.later)).toBe(`b.example${ageOf(file, pids.later)}`)
    expect(ageOf(file, pids.later)).toMatch(/^ \(\d{3,}\.\d{3}ms\)$/)
    expect(queryOf(stdout, pids.unnamed)).toBe('No DNS Query')
    expect(queryOf(stdout, pids.localhost)).toBe('localhost')
    const replayed = await runTool(['replay', file, '-d'])
    expect(replayed.stdout).toBe(stdout)
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + Object.keys(pids).length)
  })

  test('--json has the values of the trace', async () => {
    const attempts = await makeAttempts()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const live = startTool(['live', '--json', '--dns', ...LONGEST, '-o', file])
    await waitForRows(live)
    const pids = await attempts.start()
    const { stdout } = await interrupt(live)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ConnectRow)
    for (const pid of Object.values(pids)) {
      // The wall clock offset is measured again while rows are shown: it may differ by a microsecond.
      const { session_id: _, started_ns: __, time: ___, ...stored } = onlyConnectOf(file, pid)
      const { started_ns: ____, time: _____, ...shown } = rows.find((row) => row.pid === pid) as ConnectRow
      expect(shown).toEqual(stored)
    }
    expect(rows.find(({ pid }) => pid === pids.later)).toMatchObject({ dns_name: 'b.example', dns_candidates: 1 })
    expect(rows.find(({ pid }) => pid === pids.unnamed)).toMatchObject({ dns_name: null, dns_candidates: null })
  })

  test.each([
    ['-c', '-d'],
    ['--count', '--dns=libc'],
  ])('%s with %s is refused', async (...args) => {
    expectError(await runTool(['live', ...args]), 'E_USAGE', 2)
  })

  test.each(['live', 'record'])('%s --dns=x is refused', async (command) => {
    const result = await runTool([command, '--dns=x'], { cwd: makeTemporaryDirectory() })
    expectError(result, 'E_USAGE', 2)
    expect(result.stderr).toContain('--dns: "x"')
  })
})

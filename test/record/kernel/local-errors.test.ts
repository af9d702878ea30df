import { execFileSync } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectFilter, type Attempt } from '../../support/filter-case.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { expectEqualSum } from '../../support/losses.js'
import { makeNetworkNamespace, type NetworkNamespace } from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, flagsOf, onlyConnectOf, queryTrace, readSession } from '../../support/trace.js'
import { asUser, GAMES_UID } from '../../support/users.js'
import { connect, runWorkload, startWorkload, workloadPath } from '../../support/workload.js'

const { EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EFAULT, EINVAL, ENETUNREACH } = constants.errno
const { EALREADY, ECONNREFUSED, EISCONN } = constants.errno
const [IPV4_MAPPED, NO_SYN] = [1, 16]
const UNKNOWN = { remote_address: '0.0.0.0', remote_port: 0, family: 4 }

/** Output of test/workload/local-errors about a call. */
interface Call {
  name: string
  pid: number
  errno: number
  local_port: number
}

/** A namespace with only lo, and a prohibited network. */
function makeBareNamespace(): NetworkNamespace {
  const namespace = makeNetworkNamespace()
  const [program = '', ...args] = [...namespace.exec, 'ip', 'route', 'add', 'prohibit', '192.0.2.0/24']
  execFileSync(program, args)
  return namespace
}

const failAll = ({ exec }: NetworkNamespace) => runWorkload<Call[]>('local-errors', [], { under: exec })

describeKernel('--local-errors', () => {
  test('records a row for each connect that fails before a SYN, and for nothing else', async () => {
    const namespace = makeBareNamespace()
    const { file, result, summary } = await recordWhile({ args: ['--local-errors'] }, () => failAll(namespace))
    const failed = result.filter(({ name }) => !name.startsWith('-'))
    const others = result.filter(({ name }) => name.startsWith('-'))
    const rows = connectsOf(file, result[0]?.pid ?? 0)
    expect(rows.slice(0, failed.length).map((row) => row.outcome)).toEqual(failed.map(() => 'local_error'))
    expect(rows.slice(0, failed.length).map((row) => row.errno)).toEqual(failed.map(({ errno }) => errno))
    const row = (name: string) => rows[failed.findIndex((call) => call.name === name)]
    expect(row('no route')).toMatchObject({
      errno: ENETUNREACH,
      remote_address: '198.51.100.1',
      remote_port: 1001,
      family: 4,
      local_address: null,
      local_port: null,
      comm: 'local-errors',
      uid: 0,
      netns: namespace.inode,
      syn_retransmits: 0,
    })
    expect(row('no route 6')).toMatchObject({ errno: ENETUNREACH, remote_address: '2001:db8::1', family: 6 })
    expect(row('no route mapped')).toMatchObject({ errno: ENETUNREACH, remote_address: '198.51.100.1', family: 4 })
    expect(row('prohibited')).toMatchObject({ errno: EACCES, remote_address: '192.0.2.1', remote_port: 1004 })
    expect(row('family 6 on 4')).toMatchObject({ errno: EAFNOSUPPORT, remote_address: '2001:db8::1', family: 6 })
    expect(row('family 4 on 6')).toMatchObject({ errno: expect.any(Number), remote_address: '198.51.100.1', family: 4 })
    expect(row('bound')).toMatchObject({
      remote_port: 1007,
      local_address: '127.0.0.1',
      local_port: failed.find(({ name }) => name === 'bound')?.local_port,
    })
    expect(row('bad pointer')).toMatchObject({ errno: EFAULT, ...UNKNOWN })
    expect(row('bad pointer 6')).toMatchObject({ errno: EFAULT, remote_address: '::', remote_port: 0, family: 6 })
    expect(row('short')).toMatchObject({ errno: EINVAL, ...UNKNOWN })
    expect(row('negative length')).toMatchObject({ errno: EINVAL, remote_address: '198.51.100.1', remote_port: 1007 })
    expect(row('path')).toMatchObject({ errno: EAFNOSUPPORT, ...UNKNOWN })
    expect(rows.slice(0, failed.length).filter(({ latency_ns }) => !(latency_ns && latency_ns < 1e9))).toEqual([])
    // Other rows are those that sent a SYN, once each.
    expect(others.find(({ name }) => name === '-fetched')?.errno).toBe(ECONNREFUSED)
    expect(others.find(({ name }) => name === '-already')?.errno).toBe(EALREADY)
    expect(others.find(({ name }) => name === '-twice')?.errno).toBe(EISCONN)
    expect(rows.slice(failed.length)).toMatchObject([
      { outcome: 'refused', remote_port: 2001 },
      { outcome: 'established', remote_address: '127.0.0.1' },
      { outcome: 'cancelled' },
      { outcome: 'refused', remote_port: 2002 },
    ])
    expect(flagsOf(file, result[0]?.pid ?? 0).map((flags) => flags & ~IPV4_MAPPED)).toEqual(
      rows.map((_, i) => (i < failed.length ? NO_SYN : 0)),
    )
    expect(readSession(file).has_local_errors).toBe(1)
    expectEqualSum(file, summary)
  })

  test('without it there are no rows for them (GAP-32)', async () => {
    const { file, result } = await recordWhile({}, () => failAll(makeBareNamespace()))
    expect(connectsOf(file, result[0]?.pid ?? 0).map(({ outcome }) => outcome)).toEqual([
      'refused',
      'established',
      'cancelled',
      'refused',
    ])
    expect(readSession(file).has_local_errors).toBe(0)
  })

  test('an attempt without a free port is one row, as without the option', async () => {
    const { file, result } = await recordWhile({ args: ['--local-errors'] }, () =>
      runWorkload<{ pid: number }>('no-free-port', []),
    )
    const rows = connectsOf(file, result.pid)
    expect(rows.map(({ outcome }) => outcome)).toEqual(['established', 'established', 'local_error'])
    expect(rows[2]?.errno).toBe(EADDRNOTAVAIL)
  })

  test.each<
    [string, (namespace: NetworkNamespace) => string[], { port?: number; user?: boolean; elsewhere?: boolean }]
  >([
    ['--port', () => ['--port', '1001'], { port: 1002 }],
    ['--uid', () => ['--uid', '0'], { user: true }],
    ['--dst', () => ['--dst', '198.51.100.0/24'], { elsewhere: true }],
  ])('%s applies to them', async (_, args, other) => {
    const namespace = makeBareNamespace()
    const fail =
      (address: string, port: number, before: readonly string[] = []): Attempt =>
      () =>
        connect(address, port, [], { under: [...namespace.exec, ...before] })
    await expectFilter(['--local-errors', ...args(namespace)], {
      matching: [fail('198.51.100.1', 1001)],
      others: [
        fail(other.elsewhere ? '192.0.2.1' : '198.51.100.1', other.port ?? 1001, other.user ? asUser(GAMES_UID) : []),
      ],
    })
  })

  test('--pid applies to them', async () => {
    const { exec } = makeBareNamespace()
    const late = ['sh', '-c', 'read -r _ && exec "$0" "$@"']
    const [wanted, other] = [1, 2].map(() =>
      startWorkload('connect', ['198.51.100.1', '80'], { under: [...exec, ...late] }),
    )
    const { file } = await recordWhile({ args: ['--local-errors', '--pid', `${wanted?.pid}`] }, async () => {
      for (const running of [wanted, other]) running?.child.stdin.end('\n')
      await Promise.all([wanted?.finished, other?.finished])
    })
    expect(queryTrace(file, 'SELECT pid, outcome FROM connects')).toEqual([
      { pid: wanted?.pid, outcome: 'local_error' },
    ])
  })

  test('-6 applies to them, by address', async () => {
    const { file, result } = await recordWhile({ args: ['--local-errors', '-6'] }, () => failAll(makeBareNamespace()))
    const rows = connectsOf(file, result[0]?.pid ?? 0)
    expect(rows.map(({ remote_port: port, errno }) => [port, errno])).toEqual([
      [1002, ENETUNREACH],
      [1005, EAFNOSUPPORT],
      [0, EFAULT],
    ])
  })

  test('--outcome applies to them', async () => {
    const namespace = makeBareNamespace()
    const under = namespace.exec
    const args = ['--local-errors', '--outcome', 'local_error']
    const { file, result } = await recordWhile({ args }, async () => ({
      refused: await connect('127.0.0.1', 80, [], { under }),
      failed: await connect('198.51.100.1', 80, [], { under }),
    }))
    expect(connectsOf(file, result.refused.pid)).toEqual([])
    expect(onlyConnectOf(file, result.failed.pid).outcome).toBe('local_error')
  })

  test('with a command, only its local errors are recorded', async () => {
    const { exec } = makeBareNamespace()
    const beside = makeBareNamespace()
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const command = [...exec, workloadPath('connect'), '198.51.100.1', '80']
    const [{ status }] = await Promise.all([
      runTool(['record', file, '--local-errors', '--', ...command]),
      connect('198.51.100.1', 80, ['--count', '100'], { under: beside.exec }),
    ])
    expect(status).toBe(0)
    expect(queryTrace(file, 'SELECT comm, outcome FROM connects')).toEqual([
      { comm: 'connect', outcome: 'local_error' },
    ])
  })

  test('distinguishes many threads that connect at the same time', async () => {
    const { exec: under } = makeBareNamespace()
    const [threads, count] = [20, 50]
    const { file, result } = await recordWhile({ args: ['--local-errors'] }, () =>
      connect('198.51.100.1', 80, ['--threads', String(threads), '--count', String(count)], { under }),
    )
    const rows = connectsOf(file, result.pid)
    expect(rows).toHaveLength(threads * count)
    expect(new Set(rows.map(({ tid }) => tid)).size).toBe(threads)
    expect(new Set(rows.map(({ errno }) => errno))).toEqual(new Set([ENETUNREACH]))
  })
})

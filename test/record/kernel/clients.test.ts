import { readFileSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ECONNREFUSED } from '../../support/error-numbers.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import { connectFromNode } from '../../support/node-client.js'
import { run } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { connectsOf, onlyConnectOf, queryTrace, type ConnectRow } from '../../support/trace.js'
import { GAMES_UID, asUser } from '../../support/users.js'
import { connect, startLateConnect, workloadPath } from '../../support/workload.js'

/** USER_HZ, a constant of the kernel's interface. */
const TICK_NS = 1e9 / 100

describeKernel('the client of an attempt', () => {
  test('is a non-blocking socket that is refused', async () => {
    const port = await findClosedPort()
    const { file, result } = await recordWhile({}, () => connectFromNode('127.0.0.1', port))
    expect(result.errno).toBe(ECONNREFUSED)
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ outcome: 'refused', exe: 'node', remote_port: port })
  })

  test('is a thread: its own id and name, and its process', async () => {
    const port = await listen()
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', port, ['--threads', '3', '--count', '2']))
    const rows = connectsOf(file, result.pid)
    const names = rows.map((row) => row.comm).toSorted()
    expect(names).toEqual(['worker-0', 'worker-0', 'worker-1', 'worker-1', 'worker-2', 'worker-2'])
    expect(new Set(rows.map((row) => row.tid)).size).toBe(3)
    expect(rows.filter((row) => row.tid === row.pid || row.exe !== 'connect')).toEqual([])
    expect(new Set(rows.map((row) => row.process_start_ns)).size).toBe(1)
  })

  test('is a process that ends at once', async () => {
    const port = await findClosedPort()
    const loop = `for i in 1 2 3 4 5 6 7 8 9 10; do ${workloadPath('connect')} 127.0.0.1 ${port}; done`
    const { file, result } = await recordWhile({}, () => run(['sh', '-c', loop]))
    const pids = result.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { pid: number }).pid)
    const rows = connectsOf(file, ...pids)
    expect(rows.map((row) => row.pid)).toEqual(pids)
    expect(rows.every((row) => row.comm === 'connect' && row.exe === 'connect' && row.user === 'root')).toBe(true)
    expect(rows.every((row) => row.cgroup?.startsWith('/') === true)).toBe(true)
  })

  test('has another user, or a user without a name', async () => {
    const port = await findClosedPort()
    // A uid of 32 bits, as containers may have.
    const uids = [GAMES_UID, 3_999_999_999]
    const { file, result } = await recordWhile({}, () =>
      Promise.all(uids.map((uid) => connect('127.0.0.1', port, [], { under: asUser(uid) }))),
    )
    const [games, nameless] = result.map(({ pid }) => onlyConnectOf(file, pid))
    expect(games).toMatchObject({ uid: GAMES_UID, user: 'games' })
    expect(nameless).toMatchObject({ uid: 3_999_999_999, user: null })
  })

  test('has the start time of /proc', async () => {
    const port = await findClosedPort()
    const { file, result } = await recordWhile({}, async () => {
      const { pid, child, finished } = startLateConnect(port)
      const startTicks = readStartTicks(pid)
      child.stdin.end('\n')
      await finished
      return { pid, startTicks }
    })
    const row = onlyConnectOf(file, result.pid)
    expect(Math.abs(row.process_start_ns / TICK_NS - result.startTicks)).toBeLessThanOrEqual(1)
  })

  test('has the pid of the host, even in a PID namespace', async () => {
    const port = await findClosedPort()
    const { file } = await recordWhile({}, () =>
      connect('127.0.0.1', port, [], { under: ['unshare', '--pid', '--fork'] }),
    )
    const rows = queryTrace<ConnectRow>(file, 'SELECT * FROM connects WHERE remote_port = ?', port)
    expect(rows).toHaveLength(1)
    expect(rows[0]?.pid).toBeGreaterThan(1)
    expect(rows[0]?.netns).toBe(Number(/\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0]))
  })
})

/** Field 22 of /proc/PID/stat; the name in field 2 may contain any byte and ends with the last parenthesis. */
function readStartTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}

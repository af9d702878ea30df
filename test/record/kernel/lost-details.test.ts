import { execFileSync } from 'node:child_process'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCgroup, type Cgroup } from '../../support/cgroup.js'
import { withHosts } from '../../support/hosts.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { interrupt, startLive } from '../../support/live.js'
import { expectEqualSum, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace } from '../../support/network-namespace.js'
import { firstOutput, start } from '../../support/process.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { findMap, type MapFacts } from '../../support/recorder-maps.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool, startTool } from '../../support/tool.js'
import { connectsOf, readSession } from '../../support/trace.js'
import { asUser, hostUser } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, workloadPath } from '../../support/workload.js'

/** Each takes a kilobyte of the ring, which has room for 256 of them without --dns. */
const MADE_CGROUPS = 400
/** Entries of a map that stay free. */
const ROOM = 8
const MIN_LOST_CGROUPS = MADE_CGROUPS - 256

/** A uid without an account. */
const NO_ACCOUNT = 1_777_777_777

/** The answer of a name server that does not know a name. */
function noSuchName(query: Buffer): Buffer {
  const answer = Buffer.from(query)
  answer.writeUInt16BE(0x8183, 2)
  return answer
}

function tryFindMap(pid: number, name: string): MapFacts | null {
  try {
    return findMap(pid, name)
  } catch {
    return null
  }
}

/** Runs a command on CPU 0. An entry of an LRU map is evicted by entries that the same CPU adds. */
const CPU_0 = ['--cpu-list', '0']

/**
 * Fills all entries except `left` with threads that do not exist.
 * @param upper bytes of a key above the lower two
 */
function fillMap({ id, bytes_value: bytes, max_entries: entries }: MapFacts, upper: string, left = 0): void {
  const value = '00 '.repeat(bytes).trimEnd()
  const lines = Array.from(
    { length: entries - left },
    (_, i) => `map update id ${id} key ${i & 0xff} ${(i >> 8) & 0xff} ${upper} value hex ${value}`,
  )
  execFileSync('taskset', [...CPU_0, 'bpftool', 'batch', 'file', '-'], {
    input: `${lines.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
}

/** Creates and removes cgroups while the recorder gets no CPU. */
function makeUnseen(pid: number, parent: Cgroup): void {
  process.kill(pid, 'SIGSTOP')
  for (let i = 0; i < MADE_CGROUPS; i++) {
    const directory = join(parent.directory, `made-${i}`)
    mkdirSync(directory)
    rmdirSync(directory)
  }
  process.kill(pid, 'SIGCONT')
}

function countUnseen(stderr: string): number {
  const [, count] = /^LOST (\d+) new cgroups: paths may be missing$/m.exec(stderr) ?? []
  return Number(count)
}

describeKernel('lost details', () => {
  test('connect calls that do not fit into the map are counted, and no attempt is counted as lost (GAP-34)', async () => {
    const { exec: under } = makeNetworkNamespace()
    const recording = await startRecording({ args: ['--local-errors'] })
    fillMap(findMap(recording.pid, 'connect_calls'), '0 0 255 255 255 127')
    const refused = await connect('127.0.0.1', 80, ['--count', '20'], { under })
    const failed = await connect('198.51.100.1', 80, ['--count', '10'], { under })
    const summary = await recording.stop()
    const [, calls] = /^LOST (\d+) connect calls: local errors may be missing$/m.exec(summary) ?? []
    expect(Number(calls)).toBeGreaterThanOrEqual(30)
    expect(connectsOf(recording.file, refused.pid)).toHaveLength(20)
    expect(connectsOf(recording.file, failed.pid)).toEqual([])
    expect(sumLosses(sessionLosses(recording.file))).toBe(0)
    expectEqualSum(recording.file, summary)
    const { stdout } = await runTool(['info', recording.file])
    expect(stdout).toMatch(/^ {2}not seen {6}LOST \d+ connect calls: local errors may be missing/m)
  })

  test('descendants of a command that do not fit into the map are counted, and their attempts are missing (GAP-74)', async () => {
    const directory = makeTemporaryDirectory()
    const go = join(directory, 'go')
    const children = 20
    const script = `until [ -e ${go} ]; do sleep 0.05; done; for i in $(seq ${children}); do sleep 1 & done; wait`
    const file = join(directory, 'trace.db')
    const recorder = startTool(['record', file, '--', 'sh', '-c', script])
    const map = await waitUntil('the map of the recorder', () => tryFindMap(recorder.pid, 'command_tree'))
    fillMap(map, '255 127', ROOM)
    writeFileSync(go, '')
    const { status, stderr } = await recorder.finished
    expect(status).toBe(0)
    const [, lost] = /^LOST (\d+) descendants of the command: their attempts are missing$/m.exec(stderr) ?? []
    expect(Number(lost)).toBeGreaterThanOrEqual(children - ROOM)
    expect((await runTool(['info', file])).stdout).toMatch(/^ {2}not seen {6}LOST \d+ descendants of the command/m)
  })

  test('getaddrinfo calls that are evicted before they return are counted (GAP-77)', async () => {
    const server = createSocket('udp4').bind(53, '127.77.0.53')
    const isAsked = once(server, 'message') as Promise<[Buffer, RemoteInfo]>
    const resolver = start([...withHosts([], 30), 'taskset', ...CPU_0, workloadPath('resolve'), 'late.example', '80'])
    await firstOutput(resolver)
    const recording = await startRecording({ args: ['--dns=libc'] })
    resolver.child.stdin.end('\n')
    await isAsked
    const map = findMap(recording.pid, 'resolve_calls')
    fillMap({ ...map, max_entries: 2 * map.max_entries }, '0 0 255 255 255 127')
    server.on('message', (query, { port, address }) => server.send(noSuchName(query), port, address))
    const [query, from] = await isAsked
    server.send(noSuchName(query), from.port, from.address)
    await resolver.finished
    server.close()
    const summary = await recording.stop()
    expect(summary).toMatch(/^LOST \d+ getaddrinfo calls?: names may be missing$/m)
    const { stdout } = await runTool(['info', recording.file])
    expect(stdout).toMatch(/^ {2}not seen {6}LOST \d+ getaddrinfo calls?: names may be missing/m)
  })

  test('users of the host without a name are counted (GAP-75)', async () => {
    // In another root directory, no user of the tests has a name.
    if (hostUser('root') === null) return
    const { summary, file } = await recordWhile({}, () => connect('127.0.0.1', 80, [], { under: asUser(NO_ACCOUNT) }))
    const line = '\\d+ users? of the host without a name: '
    expect(summary).toMatch(new RegExp(`^${line}`, 'm'))
    expect((await runTool(['info', file])).stdout).toMatch(new RegExp(`^ {2}not seen {6}${line}`, 'm'))
  })

  test.each([[[]], [['-q']]])('new cgroups are counted apart from DNS packets: %j (GAP-26)', async (args) => {
    const parent = makeCgroup()
    const recording = await startRecording({ args })
    makeUnseen(recording.pid, parent)
    const summary = await recording.stop()
    expect(countUnseen(summary)).toBeGreaterThanOrEqual(MIN_LOST_CGROUPS)
    expect(summary).not.toContain('DNS')
    expect(readSession(recording.file).dns_lost_count).toBe(0)
    const { stdout } = await runTool(['info', recording.file])
    expect(stdout).toMatch(/^ {2}not seen {6}LOST \d+ new cgroups: paths may be missing$/m)
  })

  test('live reports them too', async () => {
    const parent = makeCgroup()
    const live = await startLive([])
    makeUnseen(live.pid, parent)
    expect(countUnseen((await interrupt(live)).stderr)).toBeGreaterThanOrEqual(MIN_LOST_CGROUPS)
  })
})

import { constants, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { lookupsOf } from '../../support/lookups.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { sessionLosses, sumLosses } from '../../support/losses.js'
import {
  SILENT_ADDRESS,
  addSilentLink,
  makeNetworkNamespace,
  readTcpCounter,
  type NetworkNamespace,
} from '../../support/network-namespace.js'
import { firstOutput } from '../../support/process.js'
import { expectAgreement, expectClosed } from '../../support/rotated-files.js'
import { listTraces, queryAll, startRotating } from '../../support/rotating-recorder.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { waitForSynSent } from '../../support/syn-sent.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, readSession } from '../../support/trace.js'
import { GAMES_GID, GAMES_UID, recordAsGames } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, generateLoad, startWorkload } from '../../support/workload.js'

/** Attempts in flight at every rotation: far more than the uncertainty of the kernel's count. */
const PENDING = 2000
const ATTEMPTS = `SELECT pid, tid, started_ns, local_port FROM connects WHERE netns = ?`

describeKernel('a rotating recording', () => {
  test.each([
    ['by time', ['--rotate', '1s'], ['--mode', 'reset', '--threads', '2', '--seconds', '5']],
    ['by size', ['--rotate', '1MB'], ['--mode', 'refused', '--threads', '2', '--count', '200000']],
  ])(
    "%s, under load: every attempt is in exactly one file, and each file agrees with the kernel's count",
    async (_, args, load) => {
      const namespace = makeSilentNamespace()
      const countBefore = readTcpCounter(namespace, 'ActiveOpens')
      const recording = await startRotating({ args })
      const pending = startWorkload('many-pending', [`${PENDING}`, SILENT_ADDRESS, '9000'], { under: namespace.exec })
      await firstOutput(pending)
      const { attempts: answered } = await generateLoad(load, { under: namespace.exec })
      pending.child.stdin.end()
      await pending.finished
      const attempts = answered + PENDING
      const summary = await recording.stop()
      const files = recording.files()
      expect(files.length).toBeGreaterThan(3)
      expect(readTcpCounter(namespace, 'ActiveOpens') - countBefore).toBe(attempts)
      const rows = queryAll<object>(files, ATTEMPTS, namespace.inode)
      const lost = files.reduce((sum, file) => sum + sumLosses(sessionLosses(file)), 0)
      expect(rows.length + lost).toBe(attempts)
      expect(new Set(rows.map((row) => Object.values(row).join(' '))).size).toBe(rows.length)
      expect(summary).toMatch(new RegExp(`^recorded [\\d,]+ attempts in \\S+ into ${files.length} files, `, 'm'))
      expect(summary).toMatch(/^completeness: .* = the kernel's /m)
      for (const file of files) expectClosed(file)
      for (const file of files) expectAgreement(file)
      expect(files.map((file) => readSession(file).end_reason)).toEqual([
        ...files.slice(1).map(() => 'rotation'),
        'terminate',
      ])
    },
  )

  test('an attempt that is pending at a rotation is in the file in which it ends; one that never ends is in the last file', async () => {
    const namespace = makeSilentNamespace()
    const recording = await startRotating({ args: ['--rotate', '1s'] })
    const [ends, stays] = await Promise.all([80, 81].map((port) => startPending(namespace, port)))
    await waitUntil('two changes', () => recording.files().length >= 3)
    ends?.child.kill('SIGKILL')
    await ends?.finished
    const count = recording.files().length
    await waitUntil('another change', () => recording.files().length > count + 1)
    await recording.stop()
    const files = recording.files()
    const found = (pid = 0) =>
      files.flatMap((file, i) =>
        connectsOf(file, pid).map(({ outcome }) => ({ outcome, isLast: i === files.length - 1 })),
      )
    expect(found(ends?.pid)).toEqual([{ outcome: 'cancelled', isLast: false }])
    expect(found(stays?.pid)).toEqual([{ outcome: 'pending', isLast: true }])
    for (const file of files) expectClosed(file)
    for (const file of files) expectAgreement(file)
    await expectReadable(files, ends?.pid ?? 0)
  })

  test('a network namespace created during the recording is compared from the next rotation on', async () => {
    const recording = await startRotating({ args: ['--rotate', '1s'] })
    const namespace = makeNetworkNamespace()
    const connectIn = () => connect('127.0.0.1', 1000, ['--count', '300'], { under: namespace.exec })
    await connectIn()
    await waitUntil('a change', () => recording.files().length >= 3)
    await connectIn()
    await recording.stop()
    const sessions = recording.files().map(readSession)
    expect(sessions.reduce((sum, { uncomparable_attempts: n }) => sum + (n ?? 0), 0)).toBeGreaterThanOrEqual(300)
    expect(sessions.reduce((sum, { uncomparable_attempts: n }) => sum + (n ?? 0), 0)).toBeLessThan(600)
    for (const file of recording.files()) expectAgreement(file)
  })

  test('names looked up during an earlier file are recorded', async () => {
    const namespace = makeAddressedNamespace()
    await startDnsmasq(namespace, ['--host-record=early.example,10.77.0.1'])
    const recording = await startRotating({ args: ['--rotate', '1s', '--dns'] })
    const elapsedNs = startStopwatch()
    await lookUp([{ name: 'early.example' }], { under: namespace.exec })
    const count = recording.files().length
    await waitUntil('two changes', () => recording.files().length >= count + 2)
    const { pid } = await connect('10.77.0.1', 80, [], { under: namespace.exec })
    await recording.stop()
    const [row] = recording.files().flatMap((file) => connectsOf(file, pid))
    expect(row).toMatchObject({ dns_name: 'early.example' })
    expect(row?.dns_age_ns).toBeGreaterThan(1e9)
    expect(row?.dns_age_ns).toBeLessThan(elapsedNs())
    const lookups = recording.files().map((file) => lookupsOf(file, namespace.inode).length)
    expect(lookups.filter((n) => n > 0)).toHaveLength(1)
  })

  test('under sudo: each file is accessible only to the user (SEC-53)', async () => {
    const { file, ...options } = recordAsGames()
    const recording = await startRotating({ ...options, directory: join(file, '..'), args: ['--rotate', '1s'] })
    await waitUntil('a change', () => recording.files().length >= 2)
    const { pid } = await connect('127.0.0.1', 1000)
    await recording.stop()
    expect(recording.files().flatMap((path) => connectsOf(path, pid))).toHaveLength(1)
    for (const path of recording.files()) {
      expect(statSync(path)).toMatchObject({ uid: GAMES_UID, gid: GAMES_GID, mode: constants.S_IFREG | 0o600 })
    }
    expect(existsSync(file)).toBe(false)
  })

  test('a signal during a rotation ends the recording cleanly', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const recording = await startRotating({ args: ['--rotate', '1s'] })
      await waitUntil('the next file', () => readdirSync(recording.directory).filter(isTrace).length >= 2)
      await recording.stop(signal)
      for (const file of recording.files()) expectClosed(file)
    }
  })

  test('-- COMMAND: its attempts are in the files, and recording ends with it', async () => {
    const directory = makeTemporaryDirectory()
    const script = 'for i in 1 2 3 4 5 6; do (exec 3<>/dev/tcp/127.0.0.1/1) 2>/dev/null; sleep 0.4; done; exit 3'
    const command = ['record', join(directory, 'trace.db'), '--rotate', '1s', '--', 'bash', '-c', script]
    const { status, stderr } = await runTool(command)
    expect(status, stderr).toBe(3)
    const files = listTraces(directory)
    expect(files.length).toBeGreaterThan(1)
    expect(queryAll(files, 'SELECT 1 FROM connects WHERE remote_port = 1')).toHaveLength(6)
  })
})

const isTrace = (name: string) => name.endsWith('.db')

function makeSilentNamespace(): NetworkNamespace {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  return namespace
}

async function startPending(namespace: NetworkNamespace, port: number) {
  const running = startWorkload('connect', [SILENT_ADDRESS, `${port}`], { under: namespace.exec })
  await waitForSynSent(running.pid, namespace)
  return running
}

/** Attempts that began before their file are read like all others. */
async function expectReadable(files: readonly string[], pid: number): Promise<void> {
  const query = ['analyze', 'sql', `SELECT count(*) AS rows FROM connects WHERE pid = ${pid}`, '--format', 'json']
  const { stdout, stderr } = await runTool([...query, ...files])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual([{ rows: 1 }])
}

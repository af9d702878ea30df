import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { listNamespaces } from '../../../src/record/count/active-opens.js'
import { describeKernel, skipUnlessNodeIsShared } from '../../support/kernel-tests.js'
import { countRecorded, sessionLosses, sumLosses } from '../../support/losses.js'
import { makeNetworkNamespace, readTcpCounter, type NetworkNamespace } from '../../support/network-namespace.js'
import { start } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { runTool } from '../../support/tool.js'
import { readSession } from '../../support/trace.js'
import { asGamesWith, recordAsGames } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { expectWholeTrace } from '../../support/whole-trace.js'
import { connect, generateLoad } from '../../support/workload.js'

describeKernel('completeness', () => {
  // A network namespace of its own: its counter does not include other connects of the host.
  test.each([
    ['100,000 connects, all reset', ['--mode', 'reset', '--count', '100000']],
    ['100,000 connects, all refused', ['--mode', 'refused', '--count', '100000']],
    ['100,000 connects of two threads', ['--mode', 'reset', '--threads', '2', '--count', '100000']],
    [
      '60,000 refused connects of two threads, over IPv6',
      ['--mode', 'refused', '--threads', '2', '--count', '60000', '--address', '::1'],
    ],
  ])('%s: every attempt is recorded', async (_, args) => {
    const namespace = makeNetworkNamespace()
    const countBefore = readTcpCounter(namespace, 'ActiveOpens')
    const { file, summary, result } = await recordWhile({}, () => generateLoad(args, { under: namespace.exec }))
    expect(readTcpCounter(namespace, 'ActiveOpens') - countBefore).toBe(result.attempts)
    expect(countRecorded(file, namespace.inode)).toBe(result.attempts)
    expect(sumLosses(sessionLosses(file))).toBe(0)
    expect(summary).toMatch(/^completeness: [\d,]+ recorded \+ 0 lost = the kernel's /m)
    expectWholeTrace(file)
  })

  test('compares the network namespaces of the whole host, except those created during the recording', async () => {
    const here = { exec: [] }
    const { file, result } = await recordWhile({}, async () => {
      const before = readTcpCounter(here, 'ActiveOpens')
      const namespace = makeNetworkNamespace()
      await connect('127.0.0.1', 1000, ['--count', '30'])
      await connect('127.0.0.1', 1000, ['--count', '500'], { under: namespace.exec })
      return { namespace, growth: readTcpCounter(here, 'ActiveOpens') - before }
    })
    expect(countRecorded(file, result.namespace.inode)).toBe(500)
    expect(result.growth).toBeGreaterThanOrEqual(30)
    const session = readSession(file)
    const { kernel_attempts_min, kernel_attempts_max, comparable_attempts } = session
    expect(comparable_attempts).toBeGreaterThanOrEqual(result.growth)
    expect(session.uncomparable_attempts).toBeGreaterThanOrEqual(500)
    expect(comparable_attempts).toBeGreaterThanOrEqual(kernel_attempts_min ?? Infinity)
    expect(comparable_attempts).toBeLessThanOrEqual(kernel_attempts_max ?? 0)
  })

  test('compares a namespace that has only a name, under sudo (SEC-04)', async () => {
    const { exec } = makeNetworkNamespace()
    const { file } = await recordWhile(recordAsGames(), () =>
      connect('127.0.0.1', 1000, ['--count', '500'], { under: exec }),
    )
    expectCompared(file, 500)
  })

  test('compares a namespace whose only process ends during the recording', async () => {
    const { exec } = makeNetworkNamespace()
    const inhabitant = start([...exec, 'sleep', '60'])
    const { file } = await recordWhile({}, async () => {
      inhabitant.child.kill('SIGKILL')
      await inhabitant.finished
      await connect('127.0.0.1', 1000, ['--count', '500'], { under: exec })
    })
    expectCompared(file, 500)
  })

  test('listing a namespace does not keep it alive', async () => {
    const namespace = makeNetworkNamespace()
    const listed = listNamespaces().find(({ inode }) => inode === namespace.inode)
    expect(listed?.read()).toBe(0)
    namespace.remove()
    await waitUntil('its counter to be gone', () => listed?.read() === null)
  })

  test('counts attempts of a namespace that no longer exists at the end as unchecked (GAP-27)', async () => {
    const under = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"']
    const { summary, file } = await recordWhile({}, () => connect('127.0.0.1', 1000, ['--count', '7'], { under }))
    expect(readSession(file).uncomparable_attempts).toBeGreaterThanOrEqual(7)
    expect(summary).toMatch(/ = the kernel's .*; [\d,]+ more could not be checked/)
  })

  test('does not compare namespaces of other users without CAP_SYS_ADMIN and CAP_SYS_PTRACE (GAP-15)', async (context) => {
    skipUnlessNodeIsShared(context)
    const { exec } = makeNetworkNamespace()
    const inhabitant = start([...exec, 'sleep', '60'])
    const { file } = recordAsGames()
    const under = asGamesWith(['bpf', 'perfmon', 'net_admin'])
    const { summary } = await recordWhile({ file, under }, () =>
      connect('127.0.0.1', 1000, ['--count', '500'], { under: exec }),
    )
    inhabitant.child.kill('SIGKILL')
    expect(readSession(file).uncomparable_attempts).toBeGreaterThanOrEqual(500)
    const texts = [await runTool(['info', file]), await runTool(['analyze', 'top-endpoints', file])]
    for (const text of [summary, ...texts.map(({ stdout }) => stdout)])
      expect(text).toMatch(/ = the kernel's .*; [\d,]+ more could not be checked: .*, or were not visible$/m)
  })

  test('distinguishes a removed namespace from a new one with the same inode number', async () => {
    const old = makeNetworkNamespace()
    const connectIn = ({ exec }: NetworkNamespace, count: number) =>
      connect('127.0.0.1', 1000, ['--count', `${count}`], { under: exec })
    await connectIn(old, 1000)
    const { summary } = await recordWhile({}, async () => {
      await connectIn(old, 50)
      old.remove()
      await connectIn(await makeNamespaceOf(old.inode), 100)
    })
    expect(summary).toMatch(/^completeness: .* = the kernel's /m)
  })

  test('counts pending and late attempts once', async () => {
    const namespace = makeNetworkNamespace()
    const { summary } = await recordWhile({}, () =>
      Promise.all([
        generateLoad(['--mode', 'close', '--count', '2000'], { under: namespace.exec }),
        connect('127.0.0.1', 1000, ['--threads', '50', '--count', '20'], { under: namespace.exec }),
      ]),
    )
    expect(summary).toMatch(/^completeness: .* = the kernel's /m)
  })
})

/** Checks that no attempt of one namespace was left out of the comparison. */
function expectCompared(file: string, attempts: number): void {
  const { comparable_attempts, uncomparable_attempts } = readSession(file)
  expect(comparable_attempts).toBeGreaterThanOrEqual(attempts)
  expect(uncomparable_attempts).toBeLessThan(attempts)
}

/** The kernel removes namespaces in the background. A new namespace gets the lowest free inode number. */
async function makeNamespaceOf(inode: number): Promise<NetworkNamespace> {
  for (let tries = 0; tries < 20; tries++) {
    await delay(100)
    const namespace = makeNetworkNamespace()
    if (namespace.inode === inode) return namespace
    namespace.remove()
  }
  return makeNetworkNamespace()
}

import { expect, test } from 'vitest'
import { expectFilter, type Attempt } from '../../support/filter-case.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { listen } from '../../support/listener.js'
import {
  SILENT_ADDRESS,
  addSilentLink,
  makeNetworkNamespace,
  type NetworkNamespace,
} from '../../support/network-namespace.js'
import { recordWhile } from '../../support/recorder.js'
import { waitForSynSent } from '../../support/syn-sent.js'
import { onlyConnectOf } from '../../support/trace.js'
import { connect, runWorkload, startWorkload } from '../../support/workload.js'

/** One attempt of every outcome that needs no waiting, by name. */
type Attempts = Record<'established' | 'refused' | 'reset' | 'unreachable' | 'cancelled' | 'pending', Attempt>

describeKernel('filters by result', () => {
  test.each<[string, (keyof Attempts)[]]>([
    ['established', ['established']],
    ['refused', ['refused']],
    ['reset,unreachable', ['reset', 'unreachable']],
    ['cancelled', ['cancelled']],
    ['pending', ['pending']],
    ['established,pending', ['established', 'pending']],
  ])('--outcome %s', (names, matching) => expectOutcomes(['--outcome', names], matching))

  test('--outcome failed: all attempts that ended without a connection', () =>
    expectOutcomes(['--outcome', 'failed'], ['refused', 'reset', 'unreachable', 'cancelled']))

  test('--outcome may be repeated', () =>
    expectOutcomes(['--outcome', 'refused', '--outcome', 'established'], ['refused', 'established']))

  test('--outcome local_error: earlier attempts of the same process are left out', async () => {
    const noFreePort = () => runWorkload<{ pid: number }>('no-free-port', [])
    const { file, result } = await recordWhile({ args: ['--outcome', 'local_error'] }, noFreePort)
    expect(onlyConnectOf(file, result.pid).outcome).toBe('local_error')
  })

  test.each([['150ms'], ['150'], ['0.15s'], ['150000us']])('--min-latency %s', async (time) => {
    const { established, refused } = await makeAttempts()
    const others = [established, refused, cancelAfter(0)]
    await expectFilter(['--min-latency', time], { matching: [cancelAfter(200)], others })
  })

  test('--min-latency: a pending attempt counts with the time since its start', async () => {
    const { pending } = await makeAttempts()
    await expectFilter(['--min-latency', '30s'], { matching: [], others: [pending] })
    await expectFilter(['--min-latency', '1us'], { matching: [pending], others: [] })
  })

  test('both options: slow attempts with that outcome', async () => {
    const { refused, established, pending } = await makeAttempts()
    const args = ['--min-latency', '150ms', '--outcome', 'cancelled,refused']
    const others = [refused, established, pending, cancelAfter(0)]
    await expectFilter(args, { matching: [cancelAfter(200)], others })
  })
})

async function expectOutcomes(args: readonly string[], names: readonly (keyof Attempts)[]): Promise<void> {
  const attempts = Object.entries(await makeAttempts())
  const of = (isWanted: boolean) =>
    attempts.filter(([name]) => names.includes(name as keyof Attempts) === isWanted).map(([, attempt]) => attempt)
  await expectFilter(args, { matching: of(true), others: of(false) })
}

async function makeAttempts(): Promise<Attempts> {
  const port = await listen()
  const handshake = (mode: string) => () => runWorkload<{ pid: number }>('syn-reset', ['--mode', mode])
  return {
    established: () => connect('127.0.0.1', port),
    refused: () => connect('127.0.0.1', 1000),
    reset: handshake('reset'),
    unreachable: handshake('unreachable'),
    cancelled: cancelAfter(20),
    pending: leavePending,
  }
}

function cancelAfter(milliseconds: number): Attempt {
  return () => {
    const args = ['--nonblock', '--close-after', String(milliseconds)]
    return connect(SILENT_ADDRESS, 80, args, { under: silentNamespace().exec })
  }
}

async function leavePending() {
  const namespace = silentNamespace()
  const { pid } = startWorkload('connect', [SILENT_ADDRESS, '80'], { under: namespace.exec })
  await waitForSynSent(pid, namespace)
  return { pid }
}

function silentNamespace(): NetworkNamespace {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  return namespace
}

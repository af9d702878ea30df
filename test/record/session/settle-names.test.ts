import { expect, test, vi } from 'vitest'
import { createAddressOwners } from '../../../src/record/containers/address-owners.js'
import type { ContainerNames } from '../../../src/record/containers/start-reader.js'
import type { Session } from '../../../src/record/session/begin-session.js'
import type { Pump } from '../../../src/record/session/pump.js'
import { SETTLE_ROUNDS, settleNames } from '../../../src/record/session/settle-names.js'
import { createFakeProbe } from './fake-probe.js'

const STOPPED = { endNs: 2e9, monotonicNs: 0n }

function createScene(unnamed: number, answers: readonly boolean[]) {
  const left = [...answers]
  const probe = createFakeProbe()
  const containers = {
    settle: vi.fn(() => Promise.resolve(left.shift() ?? false)),
    giveUp: vi.fn(),
    owners: createAddressOwners(),
  }
  const drain = vi.fn<Pump['drain']>(() => true)
  const session = {
    probe,
    containers: containers as Partial<ContainerNames>,
    metadata: { finish: vi.fn() },
    writer: { addNames: vi.fn(), unnamedContainers: () => unnamed },
  } as unknown as Session
  return {
    probe,
    containers,
    drain,
    settle: () => settleNames({ session, pump: { drain } as unknown as Pump }, STOPPED),
  }
}

test('if no container lacks names, the end does not wait for the process that reads them', async () => {
  const { containers, drain, settle } = createScene(0, [])
  await settle()
  expect([drain.mock.calls.length, containers.settle.mock.calls.length]).toEqual([1, 0])
})

test('addresses of containers are checked once more', async () => {
  const { containers, settle } = createScene(0, [true])
  containers.owners.take({ checkedNs: '1', sinceNs: '2', owned: [], freed: [] })
  await settle()
  expect(containers.settle).toHaveBeenCalledTimes(1)
})

test("waits for the names of a pending attempt's container, although its row is not written yet", async () => {
  const { probe, containers, settle } = createScene(0, [true])
  probe.waiting = [{}]
  await settle()
  expect(containers.settle).toHaveBeenCalledTimes(1)
})

test('waits until the names are read, and writes attempts with the end time of the session', async () => {
  const { containers, drain, settle } = createScene(1, [false, false, true])
  await settle()
  expect(containers.settle).toHaveBeenCalledTimes(3)
  expect(containers.giveUp).not.toHaveBeenCalled()
  expect(drain.mock.calls.map(([now]) => now())).toEqual([2e9, 2e9, 2e9])
})

test('stops waiting after a limited number of rounds', async () => {
  const { containers, settle } = createScene(1, [])
  await settle()
  expect(containers.settle).toHaveBeenCalledTimes(SETTLE_ROUNDS)
  expect(containers.giveUp).toHaveBeenCalledTimes(1)
})

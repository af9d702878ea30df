import { expect, test } from 'vitest'
import { tapRing } from '../../../src/record/rotate/tap-ring.js'
import { connectFlag } from '../../../src/record/probe/wire.gen.js'
import { createFakeProbe } from '../session/fake-probe.js'

const LIMIT = 100

function createScene() {
  const probe = createFakeProbe()
  const tap = tapRing(probe.ring)
  const read = () => {
    const count = tap.ring.peek(() => {}, LIMIT)
    tap.ring.release()
    return count
  }
  return { probe, tap, read }
}

test('what is given back while it notes is noted, with time and namespace', () => {
  const { probe, tap, read } = createScene()
  probe.emit([{ startedNs: 1n }])
  read()
  const finish = tap.note()
  probe.emit([
    { startedNs: 2n ** 40n + 5n, netns: 8 },
    { startedNs: 3n, netns: 9 },
  ])
  expect(read()).toBe(2)
  expect(finish()).toEqual([
    { startedNs: 2n ** 40n + 5n, netns: 8 },
    { startedNs: 3n, netns: 9 },
  ])
  probe.emit([{ startedNs: 4n }])
  read()
  expect(finish()).toHaveLength(2)
})

test('what is looked at again, after a write that came to nothing, is noted once', () => {
  const { probe, tap, read } = createScene()
  const finish = tap.note()
  probe.emit([{ startedNs: 2n }])
  tap.ring.peek(() => {}, LIMIT)
  read()
  expect(finish()).toHaveLength(1)
})

test('what the kernel does not count is not noted', () => {
  const { probe, tap, read } = createScene()
  const finish = tap.note()
  probe.emit([{ flags: connectFlag.no_syn }, { flags: connectFlag.ipv4_mapped }])
  read()
  expect(finish()).toHaveLength(1)
})

import { expect, test } from 'vitest'
import { createAddressOwners } from '../../../src/record/containers/address-owners.js'
import { createRemoteOwners } from '../../../src/record/live/remote-owner.js'
import { NO_FACTS } from '../../../src/record/runtimes/container-facts.js'
import type { ProcessPart } from '../../../src/view/connect-row.js'
import { idOf } from '../runtimes/make-host.js'

const [HOST_NETNS, OTHER_NETNS] = [4_026_531_840, 4_026_532_000]
const USER = '/user.slice/user-1000.slice/user@1000.service'

function createScene(hostNetns: number | null) {
  const owners = createAddressOwners()
  const owned = [['172.17.0.2', 'web', `/docker/${idOf(1)}`]] as const
  owners.take({ checkedNs: '1', sinceNs: '2', owned, freed: [] })
  const containerFacts = () => ({ ...NO_FACTS, name: 'web' })
  const find = createRemoteOwners(
    { owners, containerFacts, hostNetns, userName: () => null, cgroupPath: () => null },
    0n,
  )
  return (cgroup: string | null, netns: number | null) =>
    find({ cgroup, netns } as ProcessPart, '172.17.0.2', 3n).remoteContainer
}

test('a process in another network namespace and in no container connects to nobody known (GAP-100)', () => {
  const ownerFor = createScene(HOST_NETNS)
  const rootless = `${USER}/docker.service`
  expect([ownerFor(rootless, HOST_NETNS), ownerFor(rootless, null), ownerFor(null, HOST_NETNS)]).toEqual([
    'web',
    'web',
    'web',
  ])
  expect([ownerFor(rootless, OTHER_NETNS), ownerFor(null, OTHER_NETNS)]).toEqual([null, null])
})

test('a container of root sees the addresses of others, whatever its network namespace, and one of a user does not', () => {
  const ownerFor = createScene(HOST_NETNS)
  expect(ownerFor(`/docker/${idOf(2)}`, OTHER_NETNS)).toBe('web')
  expect(ownerFor(`${USER}/docker-${idOf(2)}.scope`, HOST_NETNS)).toBeNull()
})

test('while the network namespace of the host is not known, a process in no container connects to the container', () => {
  expect(createScene(null)('/system.slice/cron.service', OTHER_NETNS)).toBe('web')
})

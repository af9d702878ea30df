import { expect, test } from 'vitest'
import { describeLostDetails } from '../../../src/record/event/describe-lost-details.js'

test.each([
  [{ calls: 0, addresses: 0, cgroups: 0, children: 0, resolves: 0 }, []],
  [
    { calls: 1, addresses: 0, cgroups: 0, children: 0, resolves: 0 },
    ['LOST 1 connect call: local errors may be missing'],
  ],
  [{ calls: 0, addresses: 0, cgroups: 1, children: 0, resolves: 0 }, ['LOST 1 new cgroup: paths may be missing']],
  [
    { calls: 0, addresses: 1234, cgroups: 0, children: 0, resolves: 0 },
    ['LOST 1,234 address records: nat_address and service_address may be missing'],
  ],
  [
    { calls: 1200, addresses: 0, cgroups: 3000, children: 2, resolves: 5000 },
    [
      'LOST 1,200 connect calls: local errors may be missing',
      'LOST 3,000 new cgroups: paths may be missing',
      'LOST 2 descendants of the command: their attempts are missing',
      'LOST 5,000 getaddrinfo calls: names may be missing',
    ],
  ],
])('prints a line for each kind of loss: %o', (lost, lines) => {
  expect(describeLostDetails(lost)).toEqual(lines)
})

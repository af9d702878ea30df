import { expect, test } from 'vitest'
import { describeLostDetails } from '../../../src/record/status/describe-lost-details.js'

test.each([
  [{ calls: 0, cgroups: 0 }, []],
  [{ calls: 1, cgroups: 0 }, ['LOST 1 connect call that was not looked at (local errors may be missing)']],
  [{ calls: 0, cgroups: 1 }, ['1 cgroup was made that was not seen: paths may be missing']],
  [
    { calls: 1200, cgroups: 3000 },
    [
      'LOST 1,200 connect calls that were not looked at (local errors may be missing)',
      '3,000 cgroups were made that were not seen: paths may be missing',
    ],
  ],
])('%o', (lost, lines) => {
  expect(describeLostDetails(lost)).toEqual(lines)
})

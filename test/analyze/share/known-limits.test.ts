import { expect, test } from 'vitest'
import { knownLimits } from '../../../src/analyze/share/known-limits.js'
import { describeCutAnswers } from '../../../src/attempt/loss-text.js'
import { describeDaemonClient } from '../../../src/record/child/daemon-client.js'
import { checkAddresses, checkContainers, checkNamespaces } from '../../../src/record/doctor/host-limits.js'
import { describeLostDetails } from '../../../src/record/event/describe-lost-details.js'
import { describeHostGaps } from '../../../src/record/host/host-gaps.js'

const NOTHING_SEEN = { hasHostPids: false, hasRoot: false, hasName: false, accountServices: ['acme'] } as const
const SENTENCES = [
  ...describeHostGaps({ ...NOTHING_SEEN, cgroups: 'none' }),
  ...describeHostGaps({ ...NOTHING_SEEN, cgroups: 'own' }),
  checkContainers(null).found,
  // As older recorders wrote it.
  'none under cgroup v1 among the first 4096 cgroups and processes; the rest is not checked',
  checkContainers(true).found,
  checkAddresses(null).found,
  checkAddresses({ names: [], isCut: true }).found,
  checkAddresses({ names: ['acme_sock4'], isCut: false }).found,
  checkNamespaces('5.10.0').found,
  ...describeLostDetails({ calls: 1234, addresses: 7, cgroups: 1, children: 2, resolves: 5 }),
  describeCutAnswers(3)!,
  describeDaemonClient(['docker', 'run', 'acme'])!,
]

test.each(SENTENCES)('the beginning of %j is kept, which contains no name', (sentence) => {
  const [kept] = JSON.parse(knownLimits(JSON.stringify([sentence]))) as [string]
  expect(sentence.startsWith(kept.replace(/ …$/, ''))).toBe(true)
  expect(kept).not.toContain('acme')
})

test('any other sentence is replaced by a fixed text', () => {
  expect(JSON.parse(knownLimits('["secrets of acme"]'))).toEqual(['a limit of the host that tcpconn share left out'])
  expect(knownLimits('no list')).toBe('[]')
})

import { expect, test } from 'vitest'
import { createEventAttempts } from '../../../src/record/top/event-attempts.js'
import { createEventReader } from '../../../src/record/live/event-row.js'
import { NO_FACTS } from '../../../src/record/runtimes/container-facts.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { sampleEvents } from '../../analyze/sample-events.js'
import { createRandom } from '../../store/random.js'
import { packEvents } from '../make-events.js'

const CLOCK = { epochNs: 0n, unixOffsetNs: () => 1_700_000_000_000_000_000n }
const ID = 'f'.repeat(64)
const FACTS = { ...NO_FACTS, name: 'web', image: 'nginx', podName: 'cart-1', podNamespace: 'shop' }
const NAMES = {
  userName: () => 'maria',
  cgroupPath: () => `/system.slice/docker-${ID}.scope`,
  containerFacts: () => FACTS,
  dns: null,
}

test('an attempt has the values that live shows', () => {
  const events = packEvents([...sampleEvents(createRandom(5), 300), { pid: 0 }, { latencyNs: 5_000_000_000_000n }])
  const [attempts, row] = [createEventAttempts(NAMES, CLOCK), createEventReader({ ...NAMES, nat: null }, CLOCK)]
  for (const byteOffset of events.offsets) {
    const shown = row(events, byteOffset, false)
    const attempt = attempts.read(events, byteOffset, 0)
    const { pid, processStartNs, comm, uid, user, remoteAddress, remotePort } = shown
    const { container, containerName, containerImage, podName, podNamespace } = shown
    expect(attempt).toEqual({
      process: expect.objectContaining({
        pid,
        processStartNs,
        comm,
        uid,
        user,
        container,
        containerName,
        containerImage,
        podName,
        podNamespace,
      }),
      endpoint: { remoteAddress, remotePort },
      dnsName: null,
      unixNs: Number(shown.unixNs),
      latencyNs: shown.latencyNs,
      outcome: OUTCOMES.indexOf(shown.outcome),
      errno: shown.errno ?? 0,
      synRetransmits: shown.synRetransmits ?? 0,
    })
  }
})

test('attempts of the same process and endpoint share objects, also after names are read again', () => {
  const events = packEvents([{}, {}, { remotePort: 1 }])
  const attempts = createEventAttempts(NAMES, CLOCK)
  const [first, second, third] = events.offsets.map((byteOffset, i) =>
    attempts.readParties(events, byteOffset, i * 60e9),
  )
  expect(second?.process).toBe(first?.process)
  expect(second?.endpoint).toBe(first?.endpoint)
  expect(third?.endpoint).not.toBe(first?.endpoint)
})

test('a name that becomes known later replaces the process object', () => {
  const known: { user?: string } = {}
  const attempts = createEventAttempts({ ...NAMES, userName: () => known.user }, CLOCK)
  const events = packEvents([{ hasHostRoot: true }])
  const userAt = (nowNs: number) => attempts.readParties(events, events.offsets[0] as number, nowNs).process.user
  expect(userAt(0)).toBe(null)
  known.user = 'maria'
  expect(userAt(0)).toBe(null)
  expect(userAt(60e9)).toBe('maria')
})

import assert from 'node:assert/strict'
import { readSession } from '../../support/trace.js'
import { countActiveOpens } from './active-opens.js'
import type { Check } from './check.js'

const ATTEMPTS = 5000

/** Checks that nothing is missing, and that the kernel counted the same number. */
export const countChecks: readonly Check[] = [
  {
    name: '5,000 connects = TcpActiveOpens',
    run(guest) {
      const rows = ['many-4', 'many-6', 'many-refused'].flatMap((run) => guest.attemptsOf('many.db', run))
      assert.equal(rows.length, ATTEMPTS)
      assert.equal(countActiveOpens(guest), ATTEMPTS)
    },
  },
  {
    name: 'the trace is complete',
    run(guest) {
      const session = readSession(guest.path('many.db'))
      assert.deepEqual(
        {
          lost: session.lost_map_full_count + session.lost_missed_count + session.lost_ring_full_count,
          comparable: (session.comparable_attempts ?? 0) >= ATTEMPTS,
        },
        { lost: 0, comparable: true },
      )
      assert.match(guest.text('info.txt'), /completeness .* recorded \+ 0 lost = the kernel's .*TcpActiveOpens/)
    },
  },
]

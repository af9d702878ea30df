import assert from 'node:assert/strict'
import { flagsOf, type ConnectRow } from '../../support/trace.js'
import { EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ETIMEDOUT } from '../../support/error-numbers.js'
import { type Check, Skip } from './check.js'
import type { Guest } from './guest.js'

/** Bits of enum connect_flag, bpf/connect_event.h. */
const FLAG = { mapped: 1, fastOpen: 2, mptcp: 4 }

/** What every attempt of a run must look like, and how many there are. */
interface Expected {
  readonly run: string
  readonly count: number
  readonly row: Partial<ConnectRow>
}

const established = { outcome: 'established', errno: null }
const refused = { outcome: 'refused', errno: ECONNREFUSED, remote_port: 9 }
const v4 = { family: 4, local_address: '127.0.0.1', remote_address: '127.0.0.1' }
const v6 = { family: 6, local_address: '::1', remote_address: '::1' }

const OUTCOMES: Record<string, readonly Expected[]> = {
  'established over IPv4, IPv6, mapped': [
    { run: 'established-4', count: 200, row: { ...established, ...v4, exe: 'loadgen', user: 'root' } },
    { run: 'established-6', count: 200, row: { ...established, ...v6 } },
    { run: 'established-mapped', count: 200, row: { ...established, ...v4 } },
    { run: 'threads', count: 200, row: { ...established, ...v4 } },
  ],
  'refused over IPv4, IPv6, mapped': [
    { run: 'refused-4', count: 20, row: { ...refused, ...v4 } },
    { run: 'refused-6', count: 20, row: { ...refused, ...v6 } },
    { run: 'refused-mapped', count: 20, row: { ...refused, ...v4 } },
  ],
  'timed out': [{ run: 'timed-out', count: 1, row: { outcome: 'timed_out', errno: ETIMEDOUT } }],
  'unreachable by ICMP': [{ run: 'unreachable', count: 1, row: { outcome: 'unreachable', errno: EHOSTUNREACH } }],
  'unreachable, no neighbour': [
    { run: 'no-neighbour', count: 1, row: { outcome: 'unreachable', errno: EHOSTUNREACH, local_address: '10.88.0.1' } },
  ],
  reset: [{ run: 'reset', count: 1, row: { outcome: 'reset', errno: ECONNRESET, remote_address: '10.77.0.2' } }],
  cancelled: [{ run: 'cancelled', count: 1, row: { outcome: 'cancelled', errno: null } }],
  pending: [{ run: 'pending', count: 50, row: { outcome: 'pending', errno: null, latency_ns: null } }],
}

/** Every outcome, with who, from where, to where. */
export const outcomeChecks: readonly Check[] = [
  ...Object.entries(OUTCOMES).map(([name, expected]) => ({
    name,
    run: (guest: Guest) => expected.forEach((one) => expectRun(guest, one)),
  })),
  {
    name: 'local error: no free port',
    run(guest) {
      const rows = guest.attemptsOf('outcomes.db', 'local-error')
      assert.deepEqual(
        rows.map(({ outcome, errno }) => [outcome, errno]),
        [
          ['established', null],
          ['established', null],
          ['local_error', EADDRNOTAVAIL],
        ],
      )
    },
  },
  {
    name: 'SYN retransmits',
    run(guest) {
      const { syns, local_port } = JSON.parse(guest.text('run-retransmitted.txt')) as {
        syns: number
        local_port: number
      }
      assert.ok(syns >= 2, `${syns} SYNs`)
      const row = { ...established, syn_retransmits: syns - 1, local_port }
      expectRun(guest, { run: 'retransmitted', count: 1, row })
      // How many fit before the time-out is up to the kernel.
      const [timedOut] = guest.attemptsOf('outcomes.db', 'timed-out')
      assert.ok((timedOut?.syn_retransmits ?? 0) >= 1, 'none of an attempt that timed out')
      return `${syns - 1} then established, ${timedOut?.syn_retransmits} then timed out`
    },
  },
  { name: 'mapped addresses are marked', run: (guest) => expectFlag(guest, 'established-mapped', FLAG.mapped) },
  { name: 'TCP fast open', run: (guest) => expectFlag(guest, 'fast-open', FLAG.fastOpen) },
  {
    name: 'Multipath TCP',
    run(guest) {
      if (!guest.runs.has('mptcp')) throw new Skip('this kernel has no MPTCP')
      expectFlag(guest, 'mptcp', FLAG.mptcp)
    },
  },
]

function expectRun(guest: Guest, { run, count, row }: Expected): void {
  const rows = guest.attemptsOf('outcomes.db', run)
  assert.equal(rows.length, count, `attempts of ${run}`)
  for (const found of rows) {
    const same = Object.fromEntries(Object.keys(row).map((column) => [column, found[column as keyof ConnectRow]]))
    assert.deepEqual(same, row, run)
  }
}

function expectFlag(guest: Guest, run: string, flag: number): void {
  const flags = flagsOf(guest.path('outcomes.db'), guest.run(run).pid)
  assert.ok(flags.length > 0, `no attempt of ${run}`)
  assert.ok(
    flags.every((bits) => (bits & flag) === flag),
    `flags of ${run}: ${flags.join(' ')}`,
  )
}

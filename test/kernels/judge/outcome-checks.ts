import assert from 'node:assert/strict'
import { flagsOf, type ConnectRow } from '../../support/trace.js'
import { EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ETIMEDOUT } from '../../support/error-numbers.js'
import { type Check, Skip } from './check.js'
import type { Guest } from './guest.js'

/** Bits of enum connect_flag, bpf/connect_event.h. */
const FLAG = { mapped: 1, fastOpen: 2, mptcp: 4 }

/** The expected values of every attempt of a run, and their number. */
interface Expected {
  readonly run: string
  readonly count: number
  /** The program that connects, and its comm */
  readonly exe: string
  readonly row: Partial<ConnectRow>
}

const established = { outcome: 'established', errno: null }
const refused = { outcome: 'refused', errno: ECONNREFUSED, syn_retransmits: 0 }
const unreachable = { outcome: 'unreachable', errno: EHOSTUNREACH }

const FAMILIES = ['4', '6', 'mapped'] as const
type Ends = Pick<ConnectRow, 'family' | 'local_address' | 'remote_address'>

/** The two addresses for each family; a mapped address is recorded as the IPv4 address on the wire. */
function endsOf(local: readonly [string, string], remote: readonly [string, string]): Record<string, Ends> {
  const [v4, v6] = [0, 1].map((i) => ({
    family: i === 0 ? 4 : 6,
    local_address: local[i] as string,
    remote_address: remote[i] as string,
  })) as [Ends, Ends]
  return { 4: v4, 6: v6, mapped: v4 }
}

const loopback = endsOf(['127.0.0.1', '::1'], ['127.0.0.1', '::1'])
const silent = endsOf(['10.88.0.1', 'fd88::1'], ['10.88.0.9', 'fd88::9'])
const nobody = endsOf(['10.88.0.1', 'fd88::1'], ['10.88.0.8', 'fd88::8'])
const tun = endsOf(['10.77.0.1', 'fd77::1'], ['10.77.0.2', 'fd77::2'])

/** A run for each family; its name ends with the family's. */
function inFamilies(expected: Expected, ends: Record<string, Ends>): Expected[] {
  return FAMILIES.map((family) => ({
    ...expected,
    run: `${expected.run}-${family}`,
    row: { ...expected.row, ...ends[family], comm: expected.exe.slice(0, 15), user: 'root' },
  }))
}

const connect = { exe: 'connect', count: 1 }
const synReset = { exe: 'syn-reset', count: 1 }

const OUTCOMES: Record<string, readonly Expected[]> = {
  established: inFamilies(
    { run: 'established', count: 200, exe: 'loadgen', row: { ...established, syn_retransmits: 0 } },
    loopback,
  ),
  'established by four threads': [
    { run: 'threads', count: 200, exe: 'loadgen', row: { ...established, ...loopback[4] } },
  ],
  refused: inFamilies({ ...connect, run: 'refused', count: 20, row: { ...refused, remote_port: 9 } }, loopback),
  'timed out': inFamilies(
    { ...connect, run: 'timed-out', row: { outcome: 'timed_out', errno: ETIMEDOUT, remote_port: 80 } },
    silent,
  ),
  'unreachable by ICMP': inFamilies({ ...synReset, run: 'unreachable', row: unreachable }, tun),
  'unreachable, no neighbour': inFamilies(
    { ...connect, run: 'no-neighbour', row: { ...unreachable, remote_port: 80 } },
    nobody,
  ),
  reset: inFamilies({ ...synReset, run: 'reset', row: { outcome: 'reset', errno: ECONNRESET } }, tun),
  cancelled: inFamilies({ ...synReset, run: 'cancelled', row: { outcome: 'cancelled', errno: null } }, tun),
  pending: inFamilies(
    {
      run: 'pending',
      count: 20,
      exe: 'many-pending',
      row: { outcome: 'pending', errno: null, latency_ns: null, remote_port: 81 },
    },
    silent,
  ),
}

/** The end of the last attempt of a reused socket, by the case of test/workload/reused-socket. */
export const REUSED: Readonly<Record<string, readonly [outcome: string, errno: number | null]>> = {
  'closed-after-disconnect': ['cancelled', null],
  'closed-after-refused': ['cancelled', null],
  'refused-after-refused': ['refused', ECONNREFUSED],
  'no-port-for-bound': ['local_error', EADDRNOTAVAIL],
}

/** Every outcome, with its process and both addresses. */
export const outcomeChecks: readonly Check[] = [
  ...Object.entries(OUTCOMES).map(([name, expected]) => ({
    name,
    run: (guest: Guest) => expected.forEach((one) => expectRun(guest, one)),
  })),
  {
    name: 'local error: no free port',
    run(guest) {
      for (const family of FAMILIES) {
        const rows = guest.attemptsOf('outcomes.db', `local-error-${family}`)
        assert.deepEqual(
          rows.map(({ outcome, errno }) => [outcome, errno]),
          [
            ['established', null],
            ['established', null],
            ['local_error', EADDRNOTAVAIL],
          ],
        )
      }
    },
  },
  {
    name: 'a reused socket keeps nothing of its earlier use',
    run(guest) {
      for (const [run, expected] of Object.entries(REUSED)) {
        const last = guest.attemptsOf('outcomes.db', run).at(-1)
        assert.deepEqual([last?.outcome, last?.errno], expected, run)
      }
    },
  },
  {
    name: 'SYN retransmits and local ports',
    run(guest) {
      for (const expected of inFamilies({ ...synReset, run: 'retransmitted', row: established }, tun)) {
        const { syns, local_port, remote_port } = readHandshake(guest, expected.run)
        assert.ok(syns >= 2, `${syns} SYNs`)
        expectRun(guest, {
          ...expected,
          row: { ...expected.row, syn_retransmits: syns - 1, local_port, remote_port },
        })
      }
      for (const run of ['reset', 'unreachable', 'cancelled'].flatMap((name) => FAMILIES.map((f) => `${name}-${f}`))) {
        const { syns, local_port, remote_port } = readHandshake(guest, run)
        const row = { syn_retransmits: syns - 1, local_port, remote_port }
        expectRun(guest, { ...synReset, run, row })
      }
      // The number of retransmits before the timeout depends on the kernel.
      const timedOut = FAMILIES.flatMap((family) => guest.attemptsOf('outcomes.db', `timed-out-${family}`))
      assert.ok(
        timedOut.every(({ syn_retransmits }) => syn_retransmits >= 1),
        'none of an attempt that timed out',
      )
      return `${timedOut[0]?.syn_retransmits} then timed out`
    },
  },
  {
    name: 'mapped addresses are marked',
    run(guest) {
      for (const { run } of Object.values(OUTCOMES).flat()) expectFlag(guest, run, FLAG.mapped, run.endsWith('-mapped'))
    },
  },
  { name: 'TCP fast open', run: (guest) => expectFlag(guest, 'fast-open', FLAG.fastOpen) },
  {
    name: 'Multipath TCP',
    missingOn: ['5.10'],
    run(guest) {
      if (!guest.runs.has('mptcp')) throw new Skip('this kernel has no MPTCP')
      expectFlag(guest, 'mptcp', FLAG.mptcp)
    },
  },
]

function expectRun(guest: Guest, { run, count, exe, row }: Expected): void {
  const rows = guest.attemptsOf('outcomes.db', run)
  assert.equal(rows.length, count, `attempts of ${run}`)
  for (const found of rows) {
    const columns = Object.keys(row) as (keyof ConnectRow)[]
    const same = Object.fromEntries(columns.map((column) => [column, found[column]]))
    assert.deepEqual({ exe: found.exe, ...same }, { exe, ...row }, run)
  }
}

/** The packets that syn-reset saw on its TUN device. */
function readHandshake(guest: Guest, run: string): { syns: number; local_port: number; remote_port: number } {
  return JSON.parse(guest.text(`run-${run}.txt`)) as ReturnType<typeof readHandshake>
}

function expectFlag(guest: Guest, run: string, flag: number, isSet = true): void {
  const flags = flagsOf(guest.path('outcomes.db'), guest.run(run).pid)
  assert.ok(flags.length > 0, `no attempt of ${run}`)
  assert.ok(
    flags.every((bits) => (bits & flag) === (isSet ? flag : 0)),
    `flags of ${run}: ${flags.join(' ')}`,
  )
}

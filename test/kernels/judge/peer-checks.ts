import assert from 'node:assert/strict'
import type { ConnectRow } from '../../support/trace.js'
import { parsePeerRows } from './bcc-output.js'
import { type Check, Skip } from './check.js'
import { agrees, allAgree, compareRows, percentile, type Comparison } from './compare-rows.js'
import type { Guest } from './guest.js'
import { REUSED } from './outcome-checks.js'

/** One of bcc's tools, and the attempts that it has no row for by design: docs/accuracy.md has the reasons. */
interface Peer {
  readonly name: string
  readonly commWidth: number
  readonly leavesOut: (row: ConnectRow, isMapped: boolean) => boolean
}

/**
 * Number of attempts that bcc's tool may miss or misreport. From Linux 7 on, the kernel skips runs of its preempted
 * programs: a begin that it missed is then found under an older socket's address.
 */
const SKIPPED_SHARE = 0.1

const TCPCONNECT: Peer = { name: 'tcpconnect', commWidth: 16, leavesOut: ({ outcome }) => outcome === 'local_error' }
const TCPTRACER: Peer = {
  name: 'tcptracer',
  commWidth: 16,
  leavesOut: ({ outcome }, isMapped) => outcome !== 'established' || isMapped,
}
const TCPCONNLAT: Peer = {
  name: 'tcpconnlat',
  commWidth: 12,
  leavesOut: ({ outcome }) => !['established', 'refused', 'reset'].includes(outcome),
}

/** Compares bcc's tools with tcpconn, on the same traffic. */
export const peerChecks: readonly Check[] = [
  ...[TCPCONNECT, TCPTRACER, TCPCONNLAT].map((peer) => ({
    name: `bcc's ${peer.name}: the same connects`,
    run: (guest: Guest) => expectSameConnects(guest, peer),
  })),
  {
    name: "bcc's tcpconnlat: the same latencies",
    run(guest) {
      const comparison = compareWith(guest, TCPCONNLAT, 'tcpconnlat.txt', 'outcomes.db')
      return expectSameLatencies(guest, comparison, maySkip(guest, comparison.both.length))
    },
  },
  {
    name: "bcc's tcpconnlat: the same on a slow link",
    run(guest) {
      return expectSameLatencies(guest, compareWith(guest, TCPCONNLAT, 'delays-tcpconnlat.txt', 'delays.db'))
    },
  },
]

function expectSameConnects(guest: Guest, peer: Peer): string {
  const { both, onlyTheirs, onlyOurs } = compareWith(guest, peer, `${peer.name}.txt`, 'outcomes.db')
  assert.deepEqual(onlyTheirs, [], `only ${peer.name} reports them`)
  const mapped = [...guest.runs.values()].filter(({ name }) => name.endsWith('-mapped')).map(({ pid }) => pid)
  const missed = onlyOurs.filter((row) => !peer.leavesOut(row, mapped.includes(row.pid)))
  if (missed.length > maySkip(guest, both.length)) {
    assert.deepEqual(missed.map(describe), [], `${peer.name} has no row for them`)
  }
  assert.ok(both.length > 0)
  for (const { ours, theirs } of both) assert.equal(theirs.uid ?? ours.uid, ours.uid, `uid of ${describe(ours)}`)
  return `${both.length} of both, ${onlyOurs.length} of ours alone: ${countOutcomes(onlyOurs)}`
}

function maySkip(guest: Guest, count: number): number {
  return Number.parseInt(guest.text('kernel.txt'), 10) >= 7 ? count * SKIPPED_SHARE : 0
}

/** All rows of the other tool: in a guest, only the traffic connects. */
function compareWith(guest: Guest, peer: Peer, output: string, trace: string): Comparison {
  if (guest.has('no-kprobes.txt')) throw new Skip('this kernel has no kprobes, which bcc attaches to')
  // For a reused socket it reports values of the earlier use.
  const reused = [...guest.runs.values()].filter(({ name }) => name in REUSED).map(({ pid }) => pid)
  const said = guest.text(output.replace('.txt', '.err')).trim()
  assert.equal(said, '', `${peer.name} complains`)
  const isCompared = ({ pid }: { readonly pid: number }) => !reused.includes(pid)
  const connects = parsePeerRows(guest.text(output)).filter(({ type = 'C' }) => type === 'C')
  return compareRows(guest.attempts(trace).filter(isCompared), connects.filter(isCompared), peer.commWidth)
}

/** For a simultaneous open, as in the runs `reset`, tcpconnlat reports another end. */
function expectSameLatencies(guest: Guest, { both }: Comparison, mayDiffer = 0): string {
  const simultaneous = [...guest.runs.values()].filter(({ name }) => name.startsWith('reset-')).map(({ pid }) => pid)
  const pairs = both
    .filter(({ ours }) => !simultaneous.includes(ours.pid))
    .map(({ ours, theirs }) => ({
      ours,
      ours_ns: ours.latency_ns ?? Number.NaN,
      theirs_ns: theirs.latency_ns ?? Number.NaN,
    }))
  const differences = pairs.map(({ ours_ns, theirs_ns }) => Math.abs(ours_ns - theirs_ns))
  const spread = [50, 95, 100].map((percent) => `p${percent} ${Math.round(percentile(differences, percent) / 1e3)} µs`)
  const note = `${pairs.length} compared, differences ${spread.join(', ')}`
  const unlike = pairs.filter(({ ours_ns, theirs_ns }) => !agrees(ours_ns, theirs_ns))
  const found = unlike.map(({ ours, ours_ns, theirs_ns }) => `${describe(ours)}: ${ours_ns} ns, theirs ${theirs_ns} ns`)
  const agreeing = mayDiffer > 0 && unlike.length <= mayDiffer ? pairs.filter((pair) => !unlike.includes(pair)) : pairs
  assert.ok(allAgree(agreeing.map(({ ours_ns, theirs_ns }) => [ours_ns, theirs_ns])), [note, ...found].join('\n'))
  assert.ok(pairs.length > 0)
  return note
}

function describe({ pid, comm, outcome, remote_address, remote_port, local_port }: ConnectRow): string {
  return `${comm} ${pid} ${local_port} → ${remote_address} ${remote_port} ${outcome}`
}

function countOutcomes(rows: readonly ConnectRow[]): string {
  const counts = new Map<string, number>()
  for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
}

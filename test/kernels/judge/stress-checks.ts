import assert from 'node:assert/strict'
import { readSession } from '../../support/trace.js'
import { countActiveOpens } from './active-opens.js'
import { type Check, Skip } from './check.js'
import { type AttemptCount, countAttempts } from './count-attempts.js'
import type { Guest } from './guest.js'
import { openBoot, openStressRun, type StressRun, stressRunsOf } from './jobs.js'
import { listComplaints } from './kernel-log.js'

const TRACE = 'stress.db'
/** Workloads of stress.sh, named after the outcome of all their attempts, and the number of their attempts. */
const WORKLOADS: Readonly<Record<string, number>> = { established: 25_000, refused: 25_000, pending: 20 }
const ATTEMPTS = Object.values(WORKLOADS).reduce((total, count) => total + count, 0)
const MAX_INEXACT = Math.floor(ATTEMPTS / 10_000)
/** Models that kernels of the table do not support. If another one is refused, the check fails. */
const REFUSED_BY: Readonly<Record<string, readonly string[]>> = { none: ['7.2'], voluntary: ['7.2'] }

/** The checks for each recording of stress.sh on one of these kernels. */
export function makeStressChecks(guests: readonly Guest[]): Check[] {
  const runs = new Map(guests.flatMap(stressRunsOf).map((run) => [nameOf(run), run]))
  return [...runs.values()].toSorted((a, b) => rankOf(a) - rankOf(b)).flatMap(makeChecks)
}

/** Without steering before with it, one CPU before two. */
function rankOf({ cpus, isSteered }: StressRun): number {
  return Number(isSteered) * 1000 + cpus
}

function nameOf({ cpus, model, isSteered }: StressRun): string {
  const conditions = [...(model ? [`preempt=${model}`] : []), ...(isSteered ? ['receive packet steering'] : [])]
  return `${conditions.join(' with ')}, ${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'}`
}

function makeChecks(run: StressRun): Check[] {
  const missingOn = REFUSED_BY[run.model] ?? []
  const appliesTo = (guest: Guest) => stressRunsOf(guest).some((one) => nameOf(one) === nameOf(run))
  return [
    { name: `${nameOf(run)}: every attempt is a row`, missingOn, appliesTo, run: (guest) => expectRows(guest, run) },
    { name: `${nameOf(run)}: outcomes and latencies`, missingOn, appliesTo, run: (guest) => expectExact(guest, run) },
  ]
}

function expectRows(guest: Guest, run: StressRun): string {
  const found = openComplete(guest, run)
  const counts = countWorkloads(found)
  const rows = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, rowsOf(count)]))
  const session = readSession(found.path(TRACE))
  const lost =
    session.lost_map_full_count +
    session.lost_missed_count +
    session.lost_ring_full_count +
    session.lost_skipped_count +
    session.lost_writer_behind_count
  const note = `${describeModel(found)}; programs skipped while another ran: ${describeMisses(found)}`
  assert.deepEqual(
    { ...rows, TcpActiveOpens: countActiveOpens(found), lost },
    { ...WORKLOADS, TcpActiveOpens: ATTEMPTS, lost: 0 },
    note,
  )
  return note
}

function expectExact(guest: Guest, run: StressRun): string {
  const counts = countWorkloads(openComplete(guest, run))
  return judgeExactness(counts)
}

/**
 * Checks that every attempt has the outcome of its workload, and that at most one attempt in 10,000 is inexact.
 * @returns the number of inexact attempts
 */
export function judgeExactness(counts: Readonly<Record<string, AttemptCount>>): string {
  for (const [name, { exact, wrongLatency }] of Object.entries(counts)) {
    assert.deepEqual(Object.keys(exact), [name], `outcomes of the workload "${name}"`)
    assert.equal(wrongLatency, 0, `"${name}": a latency is missing, or there is one where none can be known`)
  }
  const inexact = Object.values(counts).reduce((total, count) => total + count.inexact, 0)
  assert.ok(inexact <= MAX_INEXACT, `${inexact} inexact attempts of ${ATTEMPTS}, at most ${MAX_INEXACT} are allowed`)
  return `${inexact} inexact`
}

function countWorkloads(found: Guest): Record<string, AttemptCount> {
  const names = Object.keys(WORKLOADS)
  return Object.fromEntries(names.map((name) => [name, countAttempts(found.path(TRACE), found.run(name).pid)]))
}

function rowsOf({ exact, inexact }: AttemptCount): number {
  return Object.values(exact).reduce((total, count) => total + count, inexact)
}

/**
 * Returns the recording. Checks that it was made under the requested variant, by programs that ended without an error.
 * @throws Skip if the kernel refuses the preemption model
 */
function openComplete(guest: Guest, run: StressRun): Guest {
  const boot = openBoot(guest, run)
  assert.ok(boot.has('kernel.txt'), `nothing was handed back: see ${boot.path('console.txt')}`)
  if (Number(boot.text('cpus.txt')) < run.cpus) throw new Skip(`there are only ${boot.text('cpus.txt').trim()} CPUs`)
  const found = openStressRun(guest, run)
  if (found.has('refused.txt')) throw new Skip(found.text('refused.txt').trim())
  expectCondition(found, run)
  assert.ok(found.has('recorders.txt'), `did not get to the end: see ${boot.path('console.txt')}`)
  assert.equal(found.text('recorders.txt'), 'stress 0\n')
  const failed = Object.keys(WORKLOADS).filter((name) => found.run(name).status !== 0)
  assert.deepEqual(failed, [], 'workloads that failed')
  for (const name of ['established', 'refused']) assert.match(found.text(`run-${name}.txt`), / errors=0$/m, name)
  if (boot.has('dmesg.txt')) assert.deepEqual(listComplaints(boot.text('dmesg.txt')), [], 'the kernel complains')
  return found
}

function expectCondition(found: Guest, { model, isSteered }: StressRun): void {
  assert.equal(Number.parseInt(found.text('steering.txt'), 16), isSteered ? 3 : 0, 'CPUs that packets go to')
  if (model)
    assert.ok(found.text('preempt.txt').includes(`(${model})`), `preemption model: ${found.text('preempt.txt')}`)
}

/** The active model is in parentheses among those that the kernel accepts. */
function describeModel(found: Guest): string {
  return found.has('preempt.txt') && found.text('preempt.txt') !== ''
    ? found.text('preempt.txt').trim()
    : 'one model only'
}

/**
 * Program runs that the kernel skipped while another run of the program was in progress on that CPU, from `bpftool prog
 * show`: they prove that attempts could have been lost. Kernels before 5.12 do not count them.
 */
function describeMisses(found: Guest): string {
  const programs = JSON.parse(found.text('programs.json')) as { name?: string; recursion_misses?: number }[]
  const misses = programs.filter(({ recursion_misses }) => recursion_misses)
  if (misses.length === 0) return 'none counted'
  return misses.map(({ name, recursion_misses }) => `${name} ${recursion_misses}`).join(', ')
}

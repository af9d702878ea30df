import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import { addSilentLink, makeNetworkNamespace, type NetworkNamespace } from './network-namespace.js'
import { queryTrace } from './trace.js'

/**
 * Addresses that nothing else connects to during a test. One refuses connects at once: it is on loopback, without a
 * listener. The other never answers in a namespace of `makeUnansweringNamespace`.
 */
export const REFUSING_ADDRESS = '127.77.0.1'
export const UNANSWERING_ADDRESS = '10.88.0.77'

export function makeUnansweringNamespace(): NetworkNamespace {
  const namespace = makeNetworkNamespace()
  addSilentLink(namespace)
  const neighbour = ['neighbour', 'add', UNANSWERING_ADDRESS, 'lladdr', '02:00:00:00:00:02', 'dev', 'near']
  const [program = '', ...args] = [...namespace.exec, 'ip', ...neighbour, 'nud', 'permanent']
  execFileSync(program, args)
  return namespace
}

/** The facts that identify the process of an attempt. */
interface Facts {
  readonly pid: number | null
  readonly tid: number | null
  readonly comm: string | null
  readonly exe: string | null
  readonly uid: number | null
  readonly cgroup: string | null
  readonly netns: number | null
  readonly mntns: number | null
  /** USER_HZ since boot */
  readonly start_ticks: number | null
}

/**
 * A line of test/workload/change-facts: the facts of a thread from /proc in one situation, which has a port of its own.
 */
export interface Situation extends Facts {
  readonly port: number
  /** Attempts with these facts */
  readonly attempts: number
  /** Further attempts, which have these facts or those of `next_port`; -1: any number of them, with these facts */
  readonly unsure: number
  readonly next_port: number
}

/** An attempt of the trace. */
interface FactsRow extends Facts {
  readonly port: number
}

const ROWS = `
  SELECT remote_port AS port, pid, tid, comm, exe, uid, cgroup, netns, mntns, process_start_ns / 10000000 AS start_ticks
  FROM connects WHERE remote_address IN (SELECT value FROM json_each(?)) ORDER BY started_ns`

/** Attempts to some addresses, sorted by start, by port. */
export function readFacts(file: string, addresses: readonly string[]): Map<number, Facts[]> {
  const byPort = new Map<number, Facts[]>()
  for (const { port, ...facts } of queryTrace<FactsRow>(file, ROWS, JSON.stringify(addresses))) {
    const rows = byPort.get(port) ?? []
    byPort.set(port, rows)
    rows.push(facts)
  }
  return byPort
}

/** Attempts of the newest session with an unknown process, because it did not fit into the ring. */
export function readLostProcessCount(file: string): number {
  const sql = 'SELECT lost_process_count AS count FROM session ORDER BY session_id DESC LIMIT 1'
  return queryTrace<{ count: number }>(file, sql)[0]?.count ?? NaN
}

/** Expects every attempt to have the facts of its thread when it began, and no other attempts. */
export function expectSituations(file: string, addresses: readonly string[], situations: readonly Situation[]): void {
  const rows = readFacts(file, addresses)
  const factsAt = new Map(situations.map((situation) => [situation.port, factsOf(situation)]))
  expect(new Set(rows.keys()), 'ports').toEqual(new Set(factsAt.keys()))
  for (const situation of situations) {
    expectSituation(situation, rows.get(situation.port) ?? [], factsAt.get(situation.next_port))
  }
}

function expectSituation(situation: Situation, rows: readonly Facts[], next: Facts | undefined): void {
  const { port, attempts, unsure } = situation
  const facts = factsOf(situation)
  const sure = unsure === -1 ? rows : rows.slice(0, attempts)
  const either = rows.slice(sure.length)
  expect(rows.length, `attempts to port ${port}`).toBeGreaterThanOrEqual(attempts)
  if (unsure !== -1) expect(rows, `attempts to port ${port}`).toHaveLength(attempts + unsure)
  expectNoOther(sure, [facts], `attempts to port ${port}`)
  expectNoOther(either, [facts, next ?? facts], `attempts to port ${port} during the change`)
}

/** Compares the whole lists only if they differ: there are many rows. */
function expectNoOther(rows: readonly Facts[], allowed: readonly Facts[], what: string): void {
  const texts = new Set(allowed.map(textOf))
  const wrong = rows.find((row) => !texts.has(textOf(row)))
  if (wrong) expect(wrong, what).toEqual(allowed.at(-1))
}

function factsOf({ pid, tid, comm, exe, uid, cgroup, netns, mntns, start_ticks }: Facts): Facts {
  return { pid, tid, comm, exe, uid, cgroup, netns, mntns, start_ticks }
}

function textOf(facts: Facts): string {
  return JSON.stringify(Object.values(factsOf(facts)))
}

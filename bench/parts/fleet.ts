import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startClickhouse, type ClickhouseServer } from '../../test/support/clickhouse-server.js'
import { compareHosts } from '../fleet/compare-hosts.js'
import { startPushers, type Pushers } from '../fleet/pushers.js'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, RECORD_HOSTS, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startMeasured } from '../run-measured.js'
import { formatNumber, formatSpread, spreadOf } from '../statistics.js'

/** What is simulated, and for how long it may take. */
interface Plan {
  readonly hosts: number
  readonly seconds: number
  readonly pushers: number
  /** After each 5 s of recording */
  readonly pauseMs: number
  /** Between two kills */
  readonly killMs: number
  readonly limitMs: number
}

const FULL: Plan = { hosts: 1000, seconds: 60, pushers: 4, pauseMs: 1000, killMs: 10_000, limitMs: 1_800_000 }
const QUICK: Plan = { hosts: 100, seconds: 10, pushers: 2, pauseMs: 1000, killMs: 2000, limitMs: 900_000 }
/** Every third kill is one of the server. */
const SERVER_KILL = 3
const QUERIES = [['summary'], ['top-endpoints'], ['latency', '--by', 'host']]
const [MAX_SECONDS, MAX_MB] = [10, 120]

/**
 * Many simulated hosts push to one server while they are recorded, and pushers and the server are killed. Then every attempt on the server
 * is compared with its trace, and answers of `analyze --from` with those of the traces.
 */
export async function measureFleet({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const plan = isQuick ? QUICK : FULL
  return withDirectory(async (directory) => {
    const shares = Array.from({ length: plan.pushers }, (_, i) => join(directory, String(i)))
    for (const share of shares) mkdirSync(share)
    await using server = await startClickhouse()
    await server.migrate()
    const pushed = await pushAll(server, { directory, shares }, plan)
    const traces = listTraces(shares)
    const { missing, twice, others } = await compareHosts(server, traces)
    const attempts = plan.hosts * plan.seconds * 100
    printTable(
      `## fleet: ${formatNumber(plan.hosts)} hosts with 100 attempts/s for ${plan.seconds} s`,
      ['', ''],
      [
        ['attempts', formatNumber(attempts)],
        ['kill -9 of a pusher, of the server', `${pushed.pusherKills}, ${pushed.serverKills}`],
        ['until everything is on the server', `${formatNumber(pushed.seconds, 1)} s`],
        ['rows/s', formatNumber(attempts / pushed.seconds)],
        ['peak memory of a pusher', `${formatNumber(pushed.peakBytes / 1e6)} MB`],
        ['attempts that are missing', formatNumber(missing)],
        ['attempts that count twice', formatNumber(twice)],
        ['hosts of which something else differs', formatNumber(others)],
      ],
    )
    const slowest = await compareAnswers(server, traces, directory, isQuick ? 1 : Math.min(rounds, 3))
    return [
      { what: 'fleet, attempts missing or twice', unit: '', wanted: 0, measured: missing + twice + others, digits: 0 },
      {
        what: 'fleet, peak memory of a pusher',
        unit: 'MB',
        wanted: MAX_MB,
        measured: pushed.peakBytes / 1e6,
        digits: 0,
      },
      { what: 'fleet, slowest analyze --from', unit: 's', wanted: MAX_SECONDS, measured: slowest, digits: 1 },
    ]
  })
}

/** In the order of the hosts, as a server has them. */
function listTraces(directories: readonly string[]): string[] {
  const files = directories.flatMap((directory) => readdirSync(directory).map((name) => ({ directory, name })))
  const traces = files.filter(({ name }) => name.endsWith('.db')).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return traces.map(({ directory, name }) => join(directory, name))
}

interface Pushed {
  readonly seconds: number
  readonly pusherKills: number
  readonly serverKills: number
  readonly peakBytes: number
}

/** Records all hosts, and waits until the server has everything of them. */
async function pushAll(
  server: ClickhouseServer,
  { directory, shares }: { readonly directory: string; readonly shares: readonly string[] },
  plan: Plan,
): Promise<Pushed> {
  const { hosts, seconds, pushers: count, pauseMs, limitMs } = plan
  const startedMs = performance.now()
  const end = new AbortController()
  const pushers = startPushers(shares, server.options('--to'))
  try {
    const args = [RECORD_HOSTS, directory, ...[hosts, seconds, count, pauseMs].map(String)]
    const recording = promisify(execFile)(process.execPath, args, { signal: end.signal })
    const isRecorded = recording.then(() => true)
    isRecorded.catch(() => {})
    const kills = await Promise.race([killInTurn(server, pushers, plan, isRecorded), pushers.failed])
    await Promise.race([waitForAll(server, hosts, startedMs + limitMs), pushers.failed])
    return { ...kills, seconds: (performance.now() - startedMs) / 1000, peakBytes: pushers.peakBytes() }
  } finally {
    end.abort()
    await pushers.stop()
  }
}

/** Kills pushers and the server in turn until all hosts are recorded. */
async function killInTurn(
  server: ClickhouseServer,
  pushers: Pushers,
  { killMs, pushers: count }: Plan,
  isRecorded: Promise<boolean>,
): Promise<{ pusherKills: number; serverKills: number }> {
  let [pusherKills, serverKills] = [0, 0]
  while (!(await Promise.race([isRecorded, setTimeout(killMs, false)]))) {
    if ((pusherKills + serverKills) % SERVER_KILL === SERVER_KILL - 1) {
      await server.kill()
      await server.start()
      serverKills++
    } else await pushers.restart(pusherKills++ % count)
  }
  return { pusherKills, serverKills }
}

async function waitForAll(server: ClickhouseServer, hosts: number, limitMs: number): Promise<void> {
  for (;;) {
    const [row] = await server.query<{ whole: string }>(
      'SELECT count() AS whole FROM fleet.trace_session FINAL WHERE is_whole',
    )
    if (Number(row?.whole) === hosts) return
    if (performance.now() > limitMs) throw new Error(`only ${row?.whole} of ${hosts} hosts are on the server in time`)
    await setTimeout(500)
  }
}

/** @returns the seconds of the slowest query over the server */
async function compareAnswers(
  server: ClickhouseServer,
  traces: readonly string[],
  directory: string,
  rounds: number,
): Promise<number> {
  const rows: string[][] = []
  let slowest = 0
  for (const query of QUERIES) {
    const local: number[] = []
    const remote: number[] = []
    const time = async (source: readonly string[], name: string) => {
      const stdout = join(directory, name)
      const command = [process.execPath, CLI, 'analyze', ...query, '--format', 'json', ...source]
      const { elapsedMs } = await (await startMeasured(command, { name: query.join(' '), stdout })).ended
      return { seconds: elapsedMs / 1000, answer: readFileSync(stdout, 'utf8') }
    }
    for (let round = 0; round < rounds; round++) {
      const ofTraces = await time([...traces, '--session', 'all'], 'local.json')
      const ofServer = await time(server.options('--from'), 'remote.json')
      if (ofTraces.answer !== ofServer.answer)
        throw new Error(`analyze ${query.join(' ')} answers differently with --from`)
      local.push(ofTraces.seconds)
      remote.push(ofServer.seconds)
    }
    const [ofTraces, ofServer] = [spreadOf(local), spreadOf(remote)]
    slowest = Math.max(slowest, ofServer.median)
    const ratio = formatNumber(ofServer.median / ofTraces.median, 2)
    rows.push([query.join(' '), formatSpread(ofTraces, 2, 's'), formatSpread(ofServer, 2, 's'), ratio])
  }
  printTable(
    `## fleet: analyze over ${formatNumber(traces.length)} hosts`,
    ['query', 'traces', '--from', '--from against traces'],
    rows,
  )
  return slowest
}

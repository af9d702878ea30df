/**
 * Records a mixed load for hours, and prints the resources that it uses:
 *
 *   script/soak --hours N
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { formatSample, describeMemory, judgeSoak, type SoakSample } from './judge-soak.js'
import { EVEN_RATE, LOAD_OUTCOMES, startSoakLoad, startWaiting } from './soak-load.js'

const MAX_HOURS = 24 * 7
const LINE_MS = 60_000
/** Short runs have as many lines. */
const MIN_LINES = 12
/** From its start to its first attempts, and from the last attempt to its row. */
const SETTLE_MS = 2000
/** Looks for the first attempts, 100 ms apart */
const MAX_TRIES = 600

const { values } = parseArgs({ options: { hours: { type: 'string' } } })
const hours = /^\d+(\.\d+)?$/.test(values.hours ?? '') ? Number(values.hours) : 0
if (hours <= 0 || hours > MAX_HOURS) fail(`--hours takes a number above 0, up to ${MAX_HOURS}`)

const directory = mkdtempSync(join(tmpdir(), 'tcpconn-soak-'))
const file = join(directory, 'trace.db')
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort())
process.exitCode = await soak()

async function soak(): Promise<number> {
  const recorder = startRecorder()
  await delay(SETTLE_MS)
  const load = startSoakLoad()
  // What begins before the recorder is attached is not pending at the end.
  await waitForAttempts(recorder)
  const waiting = startWaiting()
  const samples = await watch(recorder)
  const faults = await load.stop()
  await delay(SETTLE_MS)
  recorder.child.kill('SIGINT')
  const { status, stderr } = await recorder.ended
  faults.push(...(await waiting.stop()))
  if (status !== 0) fail(`record ended with ${status}:\n${stderr}`)
  print(stderr.trim())
  print(describeMemory(samples))
  const wanted = { outcomes: LOAD_OUTCOMES, rate: EVEN_RATE }
  const end = { lost: readCounts().lost, summary: stderr, hasIpv6: hasIpv6(), wanted }
  faults.push(...judgeSoak(samples, end), ...checkTrace())
  for (const fault of faults) print(`FAIL: ${fault}`)
  if (faults.length === 0) print('ok')
  return faults.length === 0 ? 0 : 1
}

type Recorder = ReturnType<typeof startRecorder>

function startRecorder() {
  const args = ['dist/cli.js', 'record', file, '--duration', `${Math.ceil(hours * 60) + 10}m`, '--dns']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<{ status: number | null; stderr: string }>((resolve) =>
    child.on('close', (status) => resolve({ status, stderr })),
  )
  return { child, ended }
}

/** Waits until the recorder has recorded something of the load. */
async function waitForAttempts({ child }: Recorder): Promise<void> {
  const hasAttempts = () => {
    try {
      return readCounts().attempts > 0
    } catch {
      // The recorder has not made the file yet.
      return false
    }
  }
  for (let tries = 0; tries < MAX_TRIES && child.exitCode === null && !stopped.signal.aborted; tries++) {
    if (hasAttempts()) return
    await delay(100)
  }
}

/** Prints a line per minute until the time is over. */
async function watch({ child }: Recorder): Promise<SoakSample[]> {
  const samples: SoakSample[] = []
  const totalMs = hours * 3_600_000
  const startMs = performance.now()
  const everyMs = Math.min(LINE_MS, totalMs / MIN_LINES)
  while (!stopped.signal.aborted && child.exitCode === null && performance.now() - startMs < totalMs) {
    await delay(everyMs, null, { signal: stopped.signal }).catch(() => {})
    if (child.exitCode !== null) break
    const sample = {
      elapsedMs: performance.now() - startMs,
      residentBytes: readResidentBytes(child.pid),
      ...readCounts(),
    }
    print(`${formatSample(sample, samples.at(-1))}  ${(statSync(file).size / 1e6).toFixed(1)} MB of file`)
    samples.push(sample)
  }
  return samples
}

function readResidentBytes(pid = 0): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function readCounts(): { attempts: number; lost: number } {
  return withTrace((db) => {
    const attempts = db.prepare('SELECT ifnull(max(attempt_id), 0) FROM connect_attempt').pluck().get() as number
    const causes = ['ring_full', 'map_full', 'writer_behind', 'missed'].map((cause) => `sum(lost_${cause}_count)`)
    return {
      attempts,
      lost: db
        .prepare(`SELECT ifnull(${causes.join(' + ')}, 0) FROM batch`)
        .pluck()
        .get() as number,
    }
  })
}

function hasIpv6(): boolean {
  return withTrace((db) => db.prepare('SELECT 1 FROM connects WHERE family = 6 LIMIT 1').get() !== undefined)
}

function checkTrace(): string[] {
  const found = withTrace((db) => String(db.pragma('integrity_check(1)', { simple: true })))
  return found === 'ok' ? [] : [`the trace is damaged: ${found}`]
}

function withTrace<T>(read: (db: Database.Database) => T): T {
  const db = new Database(file, { readonly: true, timeout: 5000 })
  try {
    return read(db)
  } finally {
    db.close()
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function fail(message: string): never {
  process.stderr.write(`error: ${message}\n`)
  process.exit(1)
}

import { execFileSync } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import koffi from 'koffi'
import { findCgroups, timeCgroups } from '../cgroups.js'
import type { BenchOptions, Goal } from '../goal.js'
import { withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { readPrograms, withProgramStats, type HeldProgram } from '../program-runs.js'
import { startRecorder, type Recorder } from '../recorders/recorder.js'
import { recordBy, recordWith, tcpconn, tcpconnLocalErrors } from '../recorders/tcpconn.js'
import { runLoad, type Load } from '../run-load.js'
import { formatNumber, formatSpread, spreadOf } from '../statistics.js'

const ATTEMPTS = 50_000
const LOOKUPS = 5000
const CGROUPS = 1000
const FINAL_RUNS = 200
const FORK_MS = 3000
/** The kernel's limit for names of programs. */
const NAME_LENGTH = 15
/** sizeof(struct bpf_test_run_opts) of libbpf 1.x; all fields except the size can be 0 */
const TEST_RUN_BYTES = 80

/** Programs, and what makes them run. */
interface Scenario {
  readonly programs: readonly string[]
  readonly recorder: Recorder
  /** What `run` counts */
  readonly unit: string
  run(programs: ReadonlyMap<string, HeldProgram>): Promise<number>
}

const FIRST = ['follow_connect', 'catch_error', 'catch_destroyed', 'follow_skipped']

/** @param directory of the file that ends COMMAND */
function listScenarios(directory: string): Scenario[] {
  const fork = join(directory, 'fork')
  return [
    ...eachLoad(FIRST, recordBy('6.12', 'as on 6.12')),
    ...eachLoad([...FIRST, 'follow_preempted'], recordBy('7.0', 'as on 7.0')),
    ...eachLoad(['follow_in_hash'], recordBy('5.10', 'as on 5.10')),
    ...eachLoad(['enter_connect', 'exit_connect'], tcpconnLocalErrors),
    { programs: ['catch_established'], recorder: tcpconn, unit: 'recording', run: runFinal },
    { programs: ['follow_cgroup'], recorder: tcpconn, unit: 'new cgroup', run: makeCgroups },
    {
      programs: ['follow_fork', 'forget_exit'],
      recorder: {
        ...recordWith('--', 'sh', '-c', `while [ -e ${fork} ]; do (:); done`),
        name: `${tcpconn.name} -- COMMAND`,
      },
      unit: 'child of COMMAND',
      run: () => countForks(fork),
    },
    {
      programs: ['enter_getaddrinfo', 'exit_getaddrinfo'],
      recorder: recordWith('--dns=libc'),
      unit: 'lookup',
      run: lookUp,
    },
  ]
}

/** Measures each program by itself: runs, time, and the work of the verifier. */
export async function measurePrograms({ rounds }: BenchOptions): Promise<Goal[]> {
  const rows: string[][] = []
  await withDirectory(async (directory) => {
    for (const scenario of listScenarios(directory)) {
      const measured: Measured[] = []
      for (let round = 0; round < rounds; round++) {
        writeFileSync(join(directory, 'fork'), '')
        measured.push(...(await measure(scenario, join(directory, `${rows.length}-${round}.db`))))
      }
      rows.push(...scenario.programs.map((name) => describe(name, scenario, measured)))
    }
  })
  printTable(
    `## programs: time of a run, as the kernel measures it, ${rounds} rounds`,
    ['program', 'recorder', 'per', 'runs', 'ns each', 'verified instructions'],
    rows,
  )
  return []
}

function eachLoad(programs: readonly string[], recorder: Recorder): Scenario[] {
  return (['reset', 'refused'] as const).map((mode: Load['mode']) => ({
    programs,
    recorder,
    unit: mode,
    run: async () => (await runLoad({ mode, count: ATTEMPTS })).attempts,
  }))
}

interface Measured {
  readonly name: string
  /** Per unit */
  readonly runs: number
  /** Per run */
  readonly ns: number
  readonly verifiedCount: number
}

async function measure({ programs, recorder, run }: Scenario, output: string): Promise<Measured[]> {
  const tool = await startRecorder(recorder, output)
  try {
    const measured = await withProgramStats(async () => {
      const before = findPrograms(tool.pid, programs)
      const units = await run(before)
      return [...findPrograms(tool.pid, programs)].map(([name, after]) =>
        compareRuns(name, { before: before.get(name) as HeldProgram, after, units }),
      )
    })
    if (!measured) throw new Error('the kernel cannot measure BPF programs: it needs Linux 5.8')
    return measured
  } finally {
    await tool.interrupt()
  }
}

interface Runs {
  readonly before: HeldProgram
  readonly after: HeldProgram
  readonly units: number
}

function compareRuns(name: string, { before, after, units }: Runs): Measured {
  const count = after.count - before.count
  if (count === 0) throw new Error(`the program ${name} never ran: its load does not reach it`)
  return { name, runs: count / units, ns: (after.ns - before.ns) / count, verifiedCount: after.verifiedCount }
}

function findPrograms(pid: number, names: readonly string[]): Map<string, HeldProgram> {
  const held = new Map(readPrograms(pid).map((program) => [nameOf(program), program]))
  return new Map(
    names.map((name) => {
      const program = held.get(name.slice(0, NAME_LENGTH)) ?? held.get(name)
      if (!program) throw new Error(`the recorder has no program ${name}`)
      return [name, program]
    }),
  )
}

function nameOf({ id }: HeldProgram): string {
  const shown = execFileSync('bpftool', ['--json', 'prog', 'show', 'id', String(id)], { encoding: 'utf8' })
  return (JSON.parse(shown) as { name: string }).name
}

function describe(name: string, { recorder, unit }: Scenario, measured: readonly Measured[]): string[] {
  const found = measured.filter((one) => one.name === name)
  const runs = spreadOf(found.map((one) => one.runs)).median
  const ns = formatSpread(spreadOf(found.map((one) => one.ns)), 0, '').replace('  ', ' ')
  return [name, recorder.name, unit, formatNumber(runs, 1), ns, formatNumber(found[0]?.verifiedCount ?? Number.NaN)]
}

/** Runs the program that the recorder runs once at its end; no attempt is pending. */
async function runFinal(programs: ReadonlyMap<string, HeldProgram>): Promise<number> {
  const libbpf = koffi.load('libbpf.so.1')
  const fd = libbpf.func('int bpf_prog_get_fd_by_id(uint32_t id)')(programs.get('catch_established')?.id) as number
  const run = libbpf.func('int bpf_prog_test_run_opts(int fd, void *options)')
  const options = new BigUint64Array(TEST_RUN_BYTES / 8)
  options[0] = BigInt(TEST_RUN_BYTES)
  for (let i = 0; i < FINAL_RUNS; i++) {
    if (run(fd, options) !== 0) throw new Error('the kernel does not run catch_established')
  }
  return FINAL_RUNS
}

async function makeCgroups(): Promise<number> {
  const above = join(findCgroups(), `tcpconn-bench-${process.pid}`)
  mkdirSync(above)
  try {
    timeCgroups(above, CGROUPS)
  } finally {
    rmdirSync(above)
  }
  return CGROUPS + 1
}

/** COMMAND forks until the file is removed. Children of other processes are counted too, and the programs run for them. */
async function countForks(file: string): Promise<number> {
  const before = readForks()
  await delay(FORK_MS)
  const count = readForks() - before
  rmSync(file)
  return count
}

function readForks(): number {
  return Number(/^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1])
}

/** By threads of this process, which has the host's libc. */
async function lookUp(): Promise<number> {
  for (let i = 0; i < LOOKUPS; i++) await lookup('localhost')
  return LOOKUPS
}

import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { withDirectory } from '../paths.js'
import { PEERS } from '../recorders/peers.js'
import { startRecorder, type Recorder } from '../recorders/recorder.js'
import { tcpconn, tcpconnApproaches, tcpconnLive, tcpconnLiveDns } from '../recorders/tcpconn.js'
import { runLoad, type Load } from '../run-load.js'
import { spreadOf } from '../statistics.js'
import { recordLoad, type LoadRun } from './load-run.js'
import { loadGoals, lossGoal, printLoad, type LoadTable } from './load-table.js'

const PACED_RATE = 28_000
const RECORDERS: readonly Recorder[] = [tcpconn, ...tcpconnApproaches, tcpconnLive, tcpconnLiveDns, ...PEERS]

/** The load under each recorder, in turn with the load alone. */
export async function measureLoad({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const startupMs = await measureEmpty(Math.min(rounds, 3))
  const count = isQuick ? 50_000 : 150_000
  const loads: Load[] = [
    { mode: 'reset', threads: 1, count },
    { mode: 'reset', threads: 2, count },
    { mode: 'refused', threads: 1, count },
    { mode: 'refused', threads: 2, count },
    { mode: 'reset', threads: 2, count: count * 2, rate: PACED_RATE },
  ]
  const goals: Goal[] = []
  for (const load of loads) {
    console.error(`bench: load ${Object.values(load).join(' ')} …`)
    const table: LoadTable = { load, startupMs, ...(await measureRounds(load, rounds)) }
    printLoad(table)
    goals.push(...loadGoals(table, tcpconn.name))
    if (load.rate) goals.push(lossGoal(table, tcpconnLive.name), lossGoal(table, tcpconnLiveDns.name))
  }
  return goals
}

/** CPU time of a recording of nothing, in ms, by recorder. */
async function measureEmpty(rounds: number): Promise<Map<string, number>> {
  const startupMs = new Map<string, number>()
  for (const recorder of RECORDERS) {
    const cpuMs: number[] = []
    for (let round = 0; round < rounds; round++) {
      cpuMs.push(
        await withDirectory(async (directory) => {
          const tool = await startRecorder(recorder, join(directory, 'output'))
          return (await tool.interrupt()).cpuMs
        }),
      )
    }
    startupMs.set(recorder.name, spreadOf(cpuMs).median)
  }
  return startupMs
}

/** Every recorder runs between two runs of the load alone and is held against those: machines are not equally fast for long. */
async function measureRounds(load: Load, rounds: number): Promise<Pick<LoadTable, 'alone' | 'runs'>> {
  const alone = [await runLoad(load)]
  const runs = new Map<string, LoadRun[]>(RECORDERS.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const recorder of RECORDERS) {
      const measure = await recordLoad(recorder, load)
      alone.push(await runLoad(load))
      runs.get(recorder.name)?.push(measure(alone.slice(-2)))
    }
  }
  return { alone, runs }
}

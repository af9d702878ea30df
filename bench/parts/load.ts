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
const OWN: readonly Recorder[] = [tcpconn, ...tcpconnApproaches]
const LIVE: readonly Recorder[] = [tcpconnLive, tcpconnLiveDns]

/**
 * Runs the load with each recorder, alternating with the load alone; `isQuick` leaves out the peers, and `live` for
 * unpaced loads.
 */
export async function measureLoad({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const startupMs = await measureEmpty([...OWN, ...LIVE, ...(isQuick ? [] : PEERS)], Math.min(rounds, 3))
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
    const recorders = isQuick ? [...OWN, ...(load.rate ? LIVE : [])] : [...OWN, ...LIVE, ...PEERS]
    const table: LoadTable = { load, startupMs, ...(await measureRounds(recorders, load, rounds)) }
    printLoad(table)
    goals.push(...loadGoals(table, tcpconn.name))
    if (load.rate) goals.push(lossGoal(table, tcpconnLive.name), lossGoal(table, tcpconnLiveDns.name))
  }
  return goals
}

/** CPU time of an empty recording, in ms, by recorder. */
async function measureEmpty(recorders: readonly Recorder[], rounds: number): Promise<Map<string, number>> {
  const startupMs = new Map<string, number>()
  for (const recorder of recorders) {
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

/**
 * Every recorder runs between two runs of the load alone and is compared with them, because the speed of a machine
 * varies.
 */
async function measureRounds(
  recorders: readonly Recorder[],
  load: Load,
  rounds: number,
): Promise<Pick<LoadTable, 'alone' | 'runs'>> {
  const alone = [await runLoad(load)]
  const runs = new Map<string, LoadRun[]>(recorders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const recorder of recorders) {
      const measure = await recordLoad(recorder, load)
      alone.push(await runLoad(load))
      runs.get(recorder.name)?.push(measure(alone.slice(-2)))
    }
  }
  return { alone, runs }
}

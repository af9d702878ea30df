import { setTimeout as delay } from 'node:timers/promises'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { query, tcpconn } from '../recorders/tcpconn.js'
import { LOAD_COMM, startLoad } from '../run-load.js'
import { startMeasured } from '../run-measured.js'
import { formatSpread, spreadOf } from '../statistics.js'

const RUNS = 10
/** Longer than any start takes. */
const RECORDING_MS = 1500
/** Connects every half millisecond: the first recorded attempt shows when recording began. */
const CLIENT = { mode: 'refused', rate: 2000, seconds: 600 } as const

/** Time from the start of the process to the first attempt that it can record, compared with Node.js alone. */
export async function measureStartup({ isQuick }: BenchOptions): Promise<Goal[]> {
  const client = startLoad(CLIENT)
  const toolMs: number[] = []
  const nodeMs: number[] = []
  try {
    for (let run = 0; run < (isQuick ? 3 : RUNS); run++) {
      nodeMs.push(await timeNode())
      toolMs.push(await withDirectory((directory) => timeStart(join(directory, 'trace.db'))))
    }
  } finally {
    client.kill()
  }
  const tool = spreadOf(toolMs)
  printTable(
    '## startup',
    ['', `median of ${toolMs.length} (min to max)`],
    [
      ['node -e 0, start to end', formatSpread(spreadOf(nodeMs), 0, 'ms')],
      ['tcpconn record, start to recording', formatSpread(tool, 0, 'ms')],
    ],
  )
  return [{ what: 'start to recording', unit: 'ms', wanted: 150, measured: tool.median, digits: 0 }]
}

async function timeNode(): Promise<number> {
  const node = await startMeasured([process.execPath, '-e', '0'])
  return (await node.ended).elapsedMs
}

async function timeStart(path: string): Promise<number> {
  const tool = await startMeasured(tcpconn.command(path))
  await delay(RECORDING_MS)
  await tool.interrupt()
  const firstUs = query(path, `SELECT min(started_ns) / 1000 FROM connects WHERE comm = '${LOAD_COMM}'`)
  return (firstUs - Number(tool.startedUnixNs / 1000n)) / 1000
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { BenchOptions, Goal } from '../goal.js'
import { withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startRecorder } from '../recorders/recorder.js'
import { tcpconn } from '../recorders/tcpconn.js'
import { runLoad } from '../run-load.js'
import { formatNumber } from '../statistics.js'

/** An hour of a busy host, 1,000 attempts per second. */
const HOUR_ATTEMPTS = 3_600_000
const ENDPOINTS = 2000
/** Time for the last batch to be written. */
const DRAIN_MS = 1000
const MB = 1e6

/** Resident memory after the events of an hour, sent at the maximum rate. */
export async function measureMemory({ isQuick }: BenchOptions): Promise<Goal[]> {
  const count = isQuick ? HOUR_ATTEMPTS / 10 : HOUR_ATTEMPTS
  const memory = await withDirectory(async (directory) => {
    const tool = await startRecorder(tcpconn, join(directory, 'trace.db'))
    await runLoad({ mode: 'reset', threads: 2, endpoints: ENDPOINTS, count })
    await delay(DRAIN_MS)
    const status = readFileSync(`/proc/${tool.pid}/status`, 'utf8')
    await tool.interrupt()
    return status
  })
  const megabytes = (field: string) => (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(memory)?.[1]) * 1024) / MB
  const fields = [
    ['resident', 'VmRSS'],
    ['of it private', 'RssAnon'],
    ['of it files and the ring', 'RssFile'],
    ['peak', 'VmHWM'],
  ] as const
  const rows = fields.map(([what, field]) => [what, `${megabytes(field).toFixed(0)} MB`])
  printTable(`## memory: after ${formatNumber(count)} attempts to ${ENDPOINTS} endpoints`, ['', ''], rows)
  return [
    { what: 'resident after an hour of 1,000/s', unit: 'MB', wanted: 110, measured: megabytes('VmRSS'), digits: 0 },
  ]
}

import { readFileSync, readdirSync } from 'node:fs'

/** The status of one thread from /proc: `Uid: 0 0 0 0` becomes `{ Uid: '0 0 0 0' }`. */
export type ThreadStatus = Readonly<Record<string, string>>

/** The status of every thread of a process, the main thread first. */
export function readThreads(pid: number): ThreadStatus[] {
  const tids = readdirSync(`/proc/${pid}/task`).toSorted((a, b) => Number(a) - Number(b))
  return tids.map((tid) => parseStatus(readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8')))
}

/** The maximum resident memory of a process so far. */
export function readPeakBytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** How long the main thread of a process was runnable but waited for a CPU: Documentation/scheduler/sched-stats.rst. */
export function readRunDelayMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
}

/** CPU time that a process has used, in ticks of 10 ms: utime and stime of proc_pid_stat(5). */
export function readCpuTicks(pid: number): number {
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return Number(afterName[11]) + Number(afterName[12])
}

function parseStatus(text: string): ThreadStatus {
  const entries = text.split('\n').map((line) => {
    const [name = '', value = ''] = line.split(/:\s*/)
    return [name, value.trim().replaceAll(/\s+/g, ' ')]
  })
  return Object.fromEntries(entries)
}

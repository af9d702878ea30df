import { readFileSync, readdirSync } from 'node:fs'

/** What /proc says of one thread: `Uid: 0 0 0 0` becomes `{ Uid: '0 0 0 0' }`. */
export type ThreadStatus = Readonly<Record<string, string>>

/** The status of every thread of a process, the main thread first. */
export function readThreads(pid: number): ThreadStatus[] {
  const tids = readdirSync(`/proc/${pid}/task`).toSorted((a, b) => Number(a) - Number(b))
  return tids.map((tid) => parseStatus(readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8')))
}

function parseStatus(text: string): ThreadStatus {
  const entries = text.split('\n').map((line) => {
    const [name = '', value = ''] = line.split(/:\s*/)
    return [name, value.trim().replaceAll(/\s+/g, ' ')]
  })
  return Object.fromEntries(entries)
}

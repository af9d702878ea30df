import { readFileSync, readdirSync } from 'node:fs'

/** CPU time of all threads of a process so far. schedstat counts in ns, the process's stat in ticks of 10 ms. */
export function cpuTimeNs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.reduce(
    (sum, tid) => sum + Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]),
    0,
  )
}

/** The same with all processes below it. */
export function treeCpuTimeNs(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + treeCpuTimeNs(child), cpuTimeNs(pid))
}

/** Processes that threads of a process have started. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    const children = readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').trim()
    return children === '' ? [] : children.split(' ').map(Number)
  })
}

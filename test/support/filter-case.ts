import { expect } from 'vitest'
import { recordWhile } from './recorder.js'
import { connectsOf } from './trace.js'

/** Makes an attempt that a filter accepts, or one that it rejects. Returns the process. */
export type Attempt = () => Promise<{ readonly pid: number }>

/** Records the attempts one after the other, and expects exactly those of `matching` in the trace. */
export async function expectFilter(
  args: readonly string[],
  { matching, others }: { matching: readonly Attempt[]; others: readonly Attempt[] },
): Promise<void> {
  const { file, result } = await recordWhile({ args }, async () => ({
    others: await runAll(others),
    matching: await runAll(matching),
  }))
  expect(recordedAmong(file, result.matching), 'matching attempts').toEqual(result.matching)
  expect(recordedAmong(file, result.others), 'other attempts').toEqual([])
}

async function runAll(attempts: readonly Attempt[]): Promise<number[]> {
  const pids: number[] = []
  for (const attempt of attempts) pids.push((await attempt()).pid)
  return pids
}

function recordedAmong(file: string, pids: readonly number[]): number[] {
  const seen = new Set(connectsOf(file, ...pids).map((row) => row.pid))
  return pids.filter((pid) => seen.has(pid))
}

import { join } from 'node:path'
import { withDirectory } from '../paths.js'
import { startRecorder, type Recorder } from './recorder.js'

/** A result with a recorder, and the results without one immediately before and after it. */
export interface Beside<T> {
  readonly alone: readonly [T, T]
  readonly recorded: T
}

export interface Turns<T> {
  readonly recorders: readonly Recorder[]
  readonly rounds: number
  run(): Promise<T>
  /** Checks the recording after its end. */
  check?(recorder: Recorder, output: string): void
}

/** Runs every recorder between two runs without one, round by round, because the speed of a machine varies. */
export async function runInTurn<T>(turns: Turns<T>): Promise<Map<string, Beside<T>[]>> {
  const results = new Map<string, Beside<T>[]>(turns.recorders.map(({ name }) => [name, []]))
  let before = await turns.run()
  for (let round = 0; round < turns.rounds; round++) {
    for (const recorder of turns.recorders) {
      const recorded = await withDirectory((directory) => runRecorded(turns, recorder, join(directory, 'output')))
      const after = await turns.run()
      results.get(recorder.name)?.push({ alone: [before, after], recorded })
      before = after
    }
  }
  return results
}

async function runRecorded<T>({ run, check }: Turns<T>, recorder: Recorder, output: string): Promise<T> {
  const tool = await startRecorder(recorder, output)
  const result = await run()
  await tool.interrupt()
  check?.(recorder, output)
  return result
}

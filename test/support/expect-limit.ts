import { join } from 'node:path'
import { expect } from 'vitest'
import { makeTemporaryDirectory } from './temporary-directory.js'
import { runTool, type ToolOptions } from './tool.js'
import { queryTrace } from './trace.js'

/** How the tool runs on a host that has a limit. */
interface LimitOptions extends ToolOptions {
  /** Options of `record` and `live` */
  readonly args?: readonly string[]
  /** Whether the sentence may continue after the pattern, differently in each output. */
  readonly isBeginning?: boolean
}

/**
 * Checks what doctor, record, its trace, info, analyze and live print about a limit.
 * @param limit matches its sentence
 * @returns the trace
 */
export async function expectLimit(
  limit: RegExp,
  { args = [], isBeginning = false, ...tool }: LimitOptions = {},
): Promise<string> {
  const source = `${limit.source}${isBeginning ? '' : '$'}`
  const doctor = await runTool(['doctor'], tool)
  expect(doctor).toMatchObject({ status: 0, stdout: expect.stringMatching(new RegExp(`^-- .*${source}`, 'm')) })
  const file = join(makeTemporaryDirectory(), 'trace.db')
  const short = ['--duration', '10ms', ...args]
  const noted = expect.stringMatching(new RegExp(`^note: ${source}`, 'm'))
  expect(await runTool(['record', file, '--quiet', ...short], tool)).toMatchObject({ status: 0, stderr: noted })
  expect(readLimits(file)).toContainEqual(expect.stringMatching(new RegExp(`^${source}`)))
  expect((await runTool(['info', file])).stdout).toMatch(new RegExp(`^  not seen {6}${source}`, 'm'))
  expect((await runTool(['analyze', 'top-endpoints', file])).stdout).toMatch(new RegExp(`^${source}`, 'm'))
  expect(await runTool(['live', ...short], tool)).toMatchObject({ status: 0, stderr: noted })
  return file
}

/** Sentences of `session.limits`, of all sessions. */
export function readLimits(file: string): string[] {
  const sql = 'SELECT value AS text FROM session, json_each(limits)'
  return queryTrace<{ text: string }>(file, sql).map(({ text }) => text)
}

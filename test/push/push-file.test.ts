import { expect, test } from 'vitest'
import { loadZstd } from '../../src/analyze/export/parquet/zstd.js'
import { TcpconnError } from '../../src/base/errors.js'
import type { Server } from '../../src/clickhouse/connect.js'
import { pushFile, type PushContext } from '../../src/push/push-file.js'
import { makeSampleTrace } from '../analyze/sample-trace.js'

/** A push to a server that has nothing yet. */
async function createScene(fault: TcpconnError | null = null) {
  const statements: string[] = []
  const server = {
    query: async () => [],
    insert: async (sql: string) => {
      if (fault !== null) throw fault
      statements.push(sql)
    },
  } as unknown as Server
  const context: PushContext = {
    server,
    compress: await loadZstd(),
    states: new Map(),
    stored() {},
    isStopping: () => false,
    request: (run) => run(),
  }
  return { context, statements }
}

const NO_PROCESS = 2 ** 30

test.each(['WAL', 'DELETE'] as const)(
  'a trace without its end is complete once its recorder is gone (%s)',
  async (mode) => {
    // This process is the recorder.
    const { db, file } = makeSampleTrace({ batches: [[{ startedNs: 1n }]], goodbye: false })
    db.pragma(`journal_mode = ${mode}`)
    const { context, statements } = await createScene()
    expect(await pushFile(file, context)).toBe(false)
    db.prepare('UPDATE session SET recorder_pid = ?').run(NO_PROCESS)
    context.states.clear()
    statements.length = 0
    expect(await pushFile(file, context)).toBe(true)
    expect(statements.filter((sql) => sql.includes('INTO `attempts`'))).toHaveLength(1)
    expect(context.states.size).toBe(0)
  },
)

test('a push keeps nothing of a trace that it has sent to its end', async () => {
  const { file } = makeSampleTrace({ batches: [[{ startedNs: 1n }], null] })
  const { context } = await createScene()
  expect(await pushFile(file, context)).toBe(true)
  expect(context.states.size).toBe(0)
})

test('while another session of the file is recorded, a push keeps only that one of them has ended', async () => {
  const { file } = makeSampleTrace(
    { batches: [[{ startedNs: 1n }], null] },
    { batches: [[{ startedNs: 1n }]], goodbye: false },
  )
  const { context } = await createScene()
  expect(await pushFile(file, context)).toBe(false)
  const states = [...context.states.values()]
  expect(states.map(({ progress }) => progress.isWhole).toSorted()).toEqual([false, true])
  // Ids are new to a set that was emptied.
  expect(states.map(({ progress, sent }) => [progress.isWhole, sent.endpoint.add(1)])).toContainEqual([true, true])
})

test('data that the server refuses are an error of their file', async () => {
  const { file } = makeSampleTrace({ batches: [[{ startedNs: 1n }]] })
  const fault = new TcpconnError('E_FLEET_REFUSED', { what: 'the server', reason: 'reason', hint: 'hint' })
  const { context } = await createScene(fault)
  await expect(pushFile(file, context)).rejects.toMatchObject({
    code: 'E_FLEET_REFUSED',
    message: expect.stringContaining(file) as string,
  })
  expect(context.states.size).toBe(0)
})

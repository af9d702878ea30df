import { expect, test } from 'vitest'
import { createBatch } from '../../../src/record/write/attempt-batch.js'
import { createStatusLine } from '../../../src/record/status/status-line.js'

const CLEAR_LINE = '\r\x1b[K'

/** A terminal that keeps its output. */
function createTerminal(columns = 100) {
  const written: string[] = []
  const stream = { columns, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream & { fd: 2 }
  return { written, stream }
}

const SOURCE = { durationNs: 60e9, files: { count: () => 1, bytes: () => 98_304 } }

test('is redrawn at most twice per second', () => {
  const { written, stream } = createTerminal()
  const line = createStatusLine(true, SOURCE, stream)
  for (let nowNs = 0; nowNs <= 1e9; nowNs += 100e6) line.draw(nowNs, 3)
  expect(written).toHaveLength(3)
  for (const text of written) expect(text.startsWith(CLEAR_LINE)).toBe(true)
  expect(written[2]).toContain('1s, 59s left')
  expect(written[2]).toContain('3 lost')
})

test('counts the observed attempts, and is cleared at the end', () => {
  const { written, stream } = createTerminal()
  const line = createStatusLine(true, SOURCE, stream)
  const batch = createBatch(5)
  batch.shapes.push({ outcome: 1, errno: 111, synRetransmits: 0, flags: 0 })
  batch.count = 5
  line.add(batch, 0)
  line.draw(1e9, 0)
  line.clear()
  expect(written[0]).toContain('5 attempts')
  expect(written[0]).toContain('5 failed')
  expect(written[1]).toBe(CLEAR_LINE)
})

test('never exceeds the width of the terminal', () => {
  const { written, stream } = createTerminal(30)
  createStatusLine(true, SOURCE, stream).draw(0, 0)
  expect((written[0] as string).length).toBeLessThan(30 + CLEAR_LINE.length)
})

test('prints nothing if it is disabled', () => {
  const { written, stream } = createTerminal()
  const line = createStatusLine(false, SOURCE, stream)
  line.add(createBatch(1), 0)
  line.draw(1e9, 0)
  line.clear()
  expect(written).toEqual([])
})

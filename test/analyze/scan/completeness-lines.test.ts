import { expect, test } from 'vitest'
import { coverLines, missingLines } from '../../../src/analyze/scan/completeness-lines.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace, type SessionParts } from '../sample-trace.js'

const linesOf = (...sessions: readonly SessionParts[]) =>
  inScope([makeSampleTrace(...sessions).file], { session: 'all' }, ({ parts }) => coverLines(parts))

const ONE: SessionParts = { batches: [[{}]] }

test('up to the limit, each session has a line', () => {
  expect(linesOf(ONE, ONE, ONE, ONE, ONE)).toHaveLength(5)
})

test('many sessions are summarized in one line', () => {
  const lost = { ...ONE, loss: { ringFull: 1, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 } }
  expect(linesOf(ONE, lost, { ...ONE, filters: '{"port":[80]}' }, ONE, ONE, { ...ONE, goodbye: false })).toEqual([
    '6 sessions: 3 complete, 1 incomplete, 2 unchecked; tcpconn info FILE says why of each',
  ])
  expect(linesOf(ONE, ONE, ONE, ONE, ONE, ONE)[0]).toMatch(/^6 sessions: 6 complete;/)
})

test('missing or unreadable limits of a session are reported (GAP-72)', () => {
  const limited = (limits: string | null) => {
    const { db, file } = makeSampleTrace(ONE)
    db.prepare('UPDATE session SET limits = ?').run(limits)
    return inScope([file], {}, ({ parts }) => missingLines(parts))
  }
  expect(limited(null)).toEqual(['what the host hides is not known: the session was recorded before trace format 5'])
  for (const text of ['no list', '7', `["${'a'.repeat(65_536)}"]`]) {
    expect(limited(text)).toEqual([
      'what the host hides is not known: session.limits is no list of texts, or longer than 64 KiB',
    ])
  }
  expect(limited('[]')).toEqual([])
})

test('data formats report sessions without an end and differences to the kernel’s count', () => {
  const { db, file, add } = makeSampleTrace(ONE)
  add({ ...ONE, goodbye: false })
  db.exec('UPDATE session SET recorder_start_ticks = 0')
  add(ONE)
  db.exec('UPDATE session SET kernel_attempts_min = 7, kernel_attempts_max = 7 WHERE session_id = 3')
  expect(inScope([file], { session: 'all' }, ({ parts }) => missingLines(parts))).toEqual([
    expect.stringMatching(/^session 2: unclean shutdown/),
    expect.stringMatching(/^session 3: 1 recorded \+ 0 lost differs from the kernel's 7 attempts/),
  ])
})

test('limits of the hosts are printed once, without control characters', () => {
  const limited = (limits: string) => {
    const { db, file } = makeSampleTrace(ONE, ONE)
    db.prepare('UPDATE session SET limits = ?').run(limits)
    return inScope([file], { session: 'all' }, ({ parts }) => coverLines(parts))
  }
  const lines = limited(JSON.stringify(['connect(2) is redirected', '\x1b[2J', 7]))
  expect(lines.slice(0, 2)).toEqual(['connect(2) is redirected', String.raw`\x1b[2J`])
  expect(lines).toHaveLength(4)
})

import { describe, expect, test } from 'vitest'
import { parseFacts } from '../../../src/analyze/archive/parse-facts.js'
import { describeArchive } from '../../../src/analyze/export/parts/archived-session.js'
import { selectScope } from '../../../src/analyze/options/select-scope.js'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { makeHardTrace } from '../export/hard-trace.js'

const write = () => withTraces([makeHardTrace()], (traces) => describeArchive(selectScope(traces, { session: 'all' })))

describe('the sessions in the metadata of a file', () => {
  test('have all that their rows have, with exact integers', () => {
    const [first, second, third] = parseFacts(write())
    expect(first).toMatchObject({
      host: 'host',
      session_id: 1,
      is_selection: false,
      row: { dns_ports: '53,5353', duration_ns: expect.any(Number) },
    })
    expect(first?.clock_offsets.map(([since]) => since)).toEqual([0, 30e9, 60e9, 90e9])
    expect(first?.row['started_unix_ns']).toMatch(/^\d{19}$/)
    expect(second?.row['duration_ns']).toBeNull()
    expect(third).toMatchObject({ attempts: 0, min_started_ns: null })
  })

  test.each([
    ['another version', (all: Facts) => ({ ...all, version: 2 })],
    ['no list', (all: Facts) => ({ ...all, sessions: {} })],
    ['a number as host', (all: Facts) => changed(all, { host: 1 })],
    ['a fraction of attempts', (all: Facts) => changed(all, { attempts: 1.5 })],
    ['no clock', (all: Facts) => changed(all, { clock_offsets: [] })],
    ['a clock of texts', (all: Facts) => changed(all, { clock_offsets: [[0, 'now']] })],
    ['another number of losses', (all: Facts) => changed(all, { lost: [1] })],
    ['nested values', (all: Facts) => changed(all, { row: { started_unix_ns: '1', limits: ['x'] } })],
    ['a start that is no integer', (all: Facts) => changed(all, { row: { started_unix_ns: 1.5 } })],
    ['a row without its start', (all: Facts) => changed(all, { row: {} })],
    ['a list as row', (all: Facts) => changed(all, { row: [] })],
  ])('are refused with %s', (_, change) => {
    const all = JSON.parse(write()) as Facts
    expect(() => parseFacts(JSON.stringify(change(all)))).toThrow(/tcpconn\.archive/)
  })

  test('are refused if they are not JSON', () => {
    expect(() => parseFacts('{')).toThrow(SyntaxError)
  })
})

interface Facts {
  readonly version: number
  readonly sessions: readonly object[]
}

function changed({ version, sessions }: Facts, change: object): Facts {
  return { version, sessions: sessions.map((session) => ({ ...session, ...change })) }
}

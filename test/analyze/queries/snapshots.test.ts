import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { renderTable } from '../../../src/analyze/result/render-table.js'
import { coverLines } from '../../../src/analyze/scan/completeness-lines.js'
import { describeLoss } from '../../../src/analyze/scan/session-facts.js'
import { selectScope } from '../../../src/analyze/options/select-scope.js'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { textWidth } from '../../../src/text/text-width.js'
import { createRandom } from '../../store/random.js'
import { PLAIN_VIEW } from '../result/sample-result.js'
import { addLookups } from '../add-lookups.js'
import { makeSampleTrace } from '../sample-trace.js'
import { connectFlag } from '../../../src/record/event/wire.gen.js'
import { variedEvents } from '../varied-events.js'

const WIDTHS = [80, 120]
const DIRECTORY = join(import.meta.dirname, '__snapshots__')
mkdirSync(DIRECTORY, { recursive: true })
/** Before any is written: a new snapshot must be read, so the run fails. */
const PRESENT = readdirSync(DIRECTORY).map((name) => join(DIRECTORY, name))
const snapshotOf = ({ name }: StoredQuery, width: number) => join(DIRECTORY, `${name}-${width}.txt`)

/**
 * Two sessions of a few thousand attempts, the second one faster than the first, with some loss and DNS lookups. Always
 * the same.
 */
function makeFixedTrace(): string {
  const random = createRandom(2026)
  const exactEvents = () =>
    variedEvents(random, 3000).map((event) => ({ ...event, flags: event.flags! & ~connectFlag.inexact }))
  const before = exactEvents()
  const after = exactEvents().map((event) => ({ ...event, latencyNs: event.latencyNs! / 3n }))
  const loss = { ringFull: 5, mapFull: 0, writerBehind: 2, missed: 0, skipped: 0 }
  const batches = [before.slice(0, 2000), null, before.slice(2000)]
  const { db, file } = makeSampleTrace({ batches }, { batches: [after], loss })
  addLookups(db, random, 400)
  db.exec('UPDATE session SET dns_lost_count = 3, dns_evicted_count = 1')
  return file
}

/** The output on a terminal of that width; completeness is the same for all. */
function tableOf(query: StoredQuery, width: number, hasCover = false): string[] {
  const file = makeFixedTrace()
  return withTraces([file], (traces) => {
    const scope = query.files?.select(traces, [file], {}) ?? selectScope(traces, {})
    const result = query.run(scope, { limit: query.tableRows ?? 20, sort: null, values: {}, width })
    const view = {
      ...PLAIN_VIEW,
      width,
      loss: [...describeLoss(scope.parts), ...(result.warnings ?? [])],
      cover: hasCover ? coverLines(scope.parts) : [],
    }
    return [...renderTable(result, view)]
  })
}

describe.each(CATALOGUE)('$name', (query) => {
  test.each(WIDTHS)('equals its snapshot at a width of %d', async (width) => {
    await expect(`${tableOf(query, width).join('\n')}\n`).toMatchFileSnapshot(snapshotOf(query, width))
  })

  test.each([40, ...WIDTHS])('fits %d columns', (width) => {
    for (const line of tableOf(query, width, true)) expect(textWidth(line), line).toBeLessThanOrEqual(width)
  })
})

test('every built-in query has its snapshots, and there are no others', () => {
  const expected = CATALOGUE.flatMap((query) => WIDTHS.map((width) => snapshotOf(query, width)))
  expect(PRESENT.toSorted()).toEqual(expected.toSorted())
})

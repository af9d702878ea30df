import { expect, test } from 'vitest'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { createRandom } from '../../store/random.js'
import { sampleEvents } from '../sample-events.js'
import { makeSampleTrace } from '../sample-trace.js'

const NAMES = 'SELECT count(user) FROM process'

test.each(['WAL', 'DELETE'])('both connections see one state while names are added, in mode %s', (mode) => {
  const { db, file } = makeSampleTrace({ batches: [sampleEvents(createRandom(1), 50)] })
  db.pragma(`journal_mode = ${mode}`)
  db.pragma('busy_timeout = 0')
  db.exec('UPDATE process SET user = NULL')
  withTraces([file], ([trace]) => {
    const addNames = () => db.exec(`UPDATE process SET user = 'late'`)
    // Without a log a writer waits for those who read.
    if (mode === 'WAL') addNames()
    else expect(addNames).toThrow('locked')
    expect(trace!.lookup.prepare(NAMES).pluck().get()).toBe(0)
    expect(trace!.db.prepare(NAMES).pluck().get()).toBe(0)
  })
  db.exec(`UPDATE process SET user = 'late'`)
  withTraces([file], ([trace]) => expect(trace!.lookup.prepare(NAMES).pluck().get()).not.toBe(0))
  db.close()
})

import { randomInt } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TcpconnError } from '../../../src/base/errors.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { addLookups } from '../add-lookups.js'
import { makeSampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'
import { shareSample } from './shared-sample.js'

const INPUTS = 120
const SEED = randomInt(1_000_000)

test(`a trace with flipped bits is shared or refused, seed ${SEED} (SEC-41)`, async () => {
  const random = createRandom(SEED)
  const { db, file } = makeSampleTrace({ batches: [variedEvents(random, 200), null, variedEvents(random, 20)] })
  addLookups(db, random, 20)
  const whole = readFileSync(await shareSample([file]))
  const path = join(makeTemporaryDirectory(), 'flipped.db')
  let shared = 0
  for (let i = 0; i < INPUTS; i++) {
    const bytes = Buffer.from(whole)
    for (let flips = randomInteger(random, 1, 4); flips > 0; flips--) {
      bytes[randomInteger(random, 100, bytes.length - 1)]! ^= 1 << randomInteger(random, 0, 7)
    }
    writeFileSync(path, bytes)
    const level = i % 2 === 0 ? 'default' : 'strict'
    const error = await shareSample([path], i % 3 === 0 ? { level, port: ['443'] } : { level }).then(
      () => void shared++,
      (thrown: unknown) => thrown,
    )
    if (error !== undefined && !(error instanceof TcpconnError)) throw error
  }
  expect(shared).toBeGreaterThan(0)
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { waitUntil } from '../support/wait-until.js'
import { keepProgram, repeatProgram } from './run-program.js'

describe('a program of the load', () => {
  test('that runs until it is stopped has no fault', async () => {
    const runs = join(makeTemporaryDirectory(), 'runs')
    const repeated = repeatProgram(['sh', '-c', 'echo run >> "$0"', runs])
    const kept = keepProgram(['sleep', '600'])
    await waitUntil('some runs', () => existsSync(runs) && readFileSync(runs, 'utf8').length > 3 * 'run\n'.length)
    expect(await repeated.stop()).toEqual([])
    expect(await kept.stop()).toEqual([])
  })

  test('that fails has a fault, which stop() returns too', async () => {
    const [repeated, kept] = [repeatProgram(['false']), keepProgram(['true'])]
    const [ofFalse, ofTrue] = [['false: it ended with status 1'], ['true: it ended with status 0']]
    expect([await repeated.faults, await repeated.stop()]).toEqual([ofFalse, ofFalse])
    expect([await kept.faults, await kept.stop()]).toEqual([ofTrue, ofTrue])
  })

  test('that does not exist has a fault', async () => {
    const load = repeatProgram(['/no/such/program', '--rate', '5'])
    expect(await load.faults).toEqual([expect.stringContaining('/no/such/program --rate 5: it ended with spawn')])
  })
})

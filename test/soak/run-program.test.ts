import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { keepProgram, repeatProgram } from './run-program.js'

describe('a program of the load', () => {
  test('that goes on until it is stopped is well', async () => {
    const [repeated, kept] = [repeatProgram(['sleep', '0.01']), keepProgram(['sleep', '60'])]
    await delay(200)
    expect(await repeated.stop()).toEqual([])
    expect(await kept.stop()).toEqual([])
  })

  test('that fails is told, also when it is long ago', async () => {
    const [repeated, kept] = [repeatProgram(['false']), keepProgram(['true'])]
    await delay(200)
    expect(await repeated.stop()).toEqual(['false: it ended with status 1'])
    expect(await kept.stop()).toEqual(['true: it ended with status 0'])
  })

  test('that is not there is told', async () => {
    const load = repeatProgram(['/no/such/program', '--rate', '5'])
    await delay(50)
    expect(await load.stop()).toEqual([expect.stringContaining('/no/such/program --rate 5: it ended with spawn')])
  })
})

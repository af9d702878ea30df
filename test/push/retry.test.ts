import { expect, test } from 'vitest'
import { TcpconnError } from '../../src/base/errors.js'
import { createRetry, spreadInterval, Stopped } from '../../src/push/retry.js'

const fault = (code: string) => new TcpconnError(code, { what: 'no', reason: 'reason', hint: 'hint' })

/** Fails as often as there are errors. */
function failing(...errors: readonly Error[]) {
  let tries = 0
  return () => (tries < errors.length ? Promise.reject(errors[tries++]!) : Promise.resolve('done'))
}

function createScene(random: () => number, { stopAfter = Infinity, isPatient = false } = {}) {
  const pauses: number[] = []
  const lines: string[] = []
  const retry = createRetry({
    wait: async (milliseconds) => void pauses.push(milliseconds),
    isStopping: () => pauses.length >= stopAfter,
    report: (line) => lines.push(line),
    isPatient,
    random,
    now: () => 0,
  })
  return { retry, pauses, lines }
}

const AWAY = fault('E_FLEET_UNREACHABLE')
const BUSY = fault('E_FLEET_OVERLOADED')

test('a request is repeated while the server is away or busy, with pauses that double up to five minutes', async () => {
  const { retry, pauses, lines } = createScene(() => 1)
  expect(await retry(failing(...Array.from({ length: 11 }, (_, i) => (i % 2 ? AWAY : BUSY))))).toBe('done')
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000))
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('E_FLEET_OVERLOADED')
  expect(lines[1]).toContain('answers again')
})

test('up to half of a pause is random, so that hosts do not return at once', async () => {
  const { retry, pauses } = createScene(() => 0)
  await retry(failing(AWAY, AWAY))
  expect(pauses).toEqual([500, 1000])
})

test('other errors are not repeated', async () => {
  const { retry, pauses } = createScene(() => 1)
  await expect(retry(failing(fault('E_FLEET_AUTHENTICATION')))).rejects.toMatchObject({
    code: 'E_FLEET_AUTHENTICATION',
  })
  await expect(retry(failing(new Error('bug')))).rejects.toThrow('bug')
  expect(pauses).toEqual([])
})

test('an unknown error of the server is temporary where nothing else can be done, with the longest pause', async () => {
  const refused = fault('E_FLEET_REFUSED')
  await expect(createScene(() => 1).retry(failing(refused))).rejects.toMatchObject({ code: 'E_FLEET_REFUSED' })
  const { retry, pauses } = createScene(() => 1, { isPatient: true })
  expect(await retry(failing(AWAY, refused, refused))).toBe('done')
  expect(pauses).toEqual([1000, 300_000, 300_000])
  await expect(retry(failing(fault('E_FLEET_FORBIDDEN')))).rejects.toMatchObject({ code: 'E_FLEET_FORBIDDEN' })
})

test('rounds of hosts that were started at once spread over the interval', () => {
  expect([0, 0.5, 0.99].map((share) => spreadInterval(1000, true, () => share))).toEqual([0, 500, 990])
  expect([0, 0.5, 1].map((share) => spreadInterval(1000, false, () => share))).toEqual([800, 1000, 1200])
})

test('a stop ends the pauses', async () => {
  const { retry } = createScene(() => 1, { stopAfter: 2 })
  await expect(retry(failing(AWAY, AWAY, AWAY))).rejects.toBeInstanceOf(Stopped)
})

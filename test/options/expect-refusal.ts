import { expect } from 'vitest'
import { UsageError } from '../../src/base/errors.js'

/** Expects a usage error of `parse` that contains these texts. */
export function expectRefusal(parse: () => unknown, option: string, value: string, accepted: RegExp): void {
  const error = thrownBy(parse)
  expect(error).toBeInstanceOf(UsageError)
  expect(error.code).toBe('E_USAGE')
  expect(error.message).toBe(`${option}: ${JSON.stringify(value)} is not accepted`)
  expect(error.reason).toMatch(new RegExp(`^${option} takes ${accepted.source}`))
}

function thrownBy(parse: () => unknown): UsageError {
  try {
    parse()
  } catch (error) {
    return error as UsageError
  }
  throw new Error('it was accepted')
}

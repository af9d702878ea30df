import { existsSync } from 'node:fs'
import { expect } from 'vitest'
import { sessionLosses, sumLosses } from './losses.js'
import { readSession } from './trace.js'
import { expectWholeTrace } from './whole-trace.js'

/** One file, whole, in the mode that opens anywhere. */
export function expectClosed(file: string): void {
  expect([`${file}-wal`, `${file}-shm`, `${file}-journal`].filter((path) => existsSync(path))).toEqual([])
  expectWholeTrace(file)
}

/** What was recorded and lost lies within what the kernel counted for this file. */
export function expectAgreement(file: string): void {
  const { kernel_attempts_min: min, kernel_attempts_max: max, comparable_attempts: comparable } = readSession(file)
  const sum = (comparable ?? NaN) + sumLosses(sessionLosses(file))
  expect(sum).toBeGreaterThanOrEqual(min ?? NaN)
  expect(sum).toBeLessThanOrEqual(max ?? NaN)
}

import { existsSync } from 'node:fs'
import { expect } from 'vitest'
import { sessionLosses, sumLosses } from './losses.js'
import { readSession } from './trace.js'
import { expectWholeTrace } from './whole-trace.js'

/** Checks one complete file in rollback-journal mode, which opens anywhere. */
export function expectClosed(file: string): void {
  expect([`${file}-wal`, `${file}-shm`, `${file}-journal`].filter((path) => existsSync(path))).toEqual([])
  expectWholeTrace(file)
}

/** Recorded plus lost attempts are within the kernel's count for this file. */
export function expectAgreement(file: string): void {
  const { kernel_attempts_min: min, kernel_attempts_max: max, comparable_attempts: comparable } = readSession(file)
  const sum = (comparable ?? NaN) + sumLosses(sessionLosses(file))
  expect(sum).toBeGreaterThanOrEqual(min ?? NaN)
  expect(sum).toBeLessThanOrEqual(max ?? NaN)
}

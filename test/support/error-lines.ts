import { expect } from 'vitest'
import type { Finished } from './process.js'

/** Expects an error in the form that users see: code, reason, hint, and nothing on stdout. */
export function expectError({ status, stdout, stderr }: Finished, code: string, exitStatus = 1): void {
  expect({ status, stdout, stderr }).toEqual({
    status: exitStatus,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^error: [^\\n]+ \\[${code}\\]\\nreason: [^\\n]+\\nhint: [^\\n]+\\n$`)),
  })
}

import { describe } from 'vitest'
import { testIntegers } from './set-integers.js'

describe('a trace of a stranger is answered, or refused with an error of ours, after a bounded amount of work', () => {
  testIntegers('-1', ['session', 'clock_offset'])
})

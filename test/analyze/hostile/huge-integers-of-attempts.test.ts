import { describe } from 'vitest'
import { testIntegers } from './set-integers.js'

describe('a hostile trace is analyzed, or refused with a TcpconnError, with a bounded amount of work', () => {
  testIntegers('9223372036854775807', ['process', 'connect_attempt', 'dns_lookup'])
})

import { describe, expect, test } from 'vitest'
import { TcpconnError, UsageError, messageOf } from '../src/base/errors.js'
import { describeError } from '../src/cli/report-error.js'

const errorOf = (code: string) => new TcpconnError(code, { what: 'what happened', reason: 'why', hint: 'what to do' })

describe('a known error', () => {
  test('is told with its code, its reason and a hint', () => {
    expect(describeError(errorOf('E_ANY'))).toEqual({
      text: 'error: what happened [E_ANY]\nreason: why\nhint: what to do\n',
      exitStatus: 1,
    })
  })

  test.each([
    ['E_USAGE', 2],
    ['E_NO_COMMAND', 127],
    ['E_COMMAND_NOT_EXECUTABLE', 126],
    ['E_COMMAND_NOT_STARTED', 126],
    ['E_CANNOT_OPEN', 1],
  ])('%s ends with %i', (code, exitStatus) => {
    expect(describeError(errorOf(code)).exitStatus).toBe(exitStatus)
  })

  test('a wrong value names its option, itself and what is accepted', () => {
    const { text, exitStatus } = describeError(new UsageError('--port', '0\x1b[2J', 'ports'))
    expect(exitStatus).toBe(2)
    expect(text).toMatch(
      /^error: --port: "0\\u001b\[2J" is not accepted \[E_USAGE\]\nreason: --port takes ports\nhint: /,
    )
  })

  test('keeps its cause', () => {
    const cause = new Error('first')
    expect(new TcpconnError('E_ANY', { what: 'a', reason: 'b', hint: 'c', cause }).cause).toBe(cause)
  })

  test('cannot steer the terminal with a text of a stranger', () => {
    const error = new TcpconnError('E_ANY', { what: 'a\x1b[2J', reason: 'b\x1b]0;c\x07', hint: 'd\u009b31m' })
    expect(describeError(error).text).not.toMatch(/[\x1b\x07\u009b]/)
  })
})

describe('an unknown error', () => {
  test('is a bug, with its stack', () => {
    const { text, exitStatus } = describeError(new RangeError('out of it'))
    expect(exitStatus).toBe(1)
    expect(text).toMatch(/^error: unexpected: RangeError: out of it \[E_BUG\]\nreason: a bug in tcpconn\nhint: /)
    expect(text).toMatch(/\n {4}at /)
  })

  test.each(['a text', undefined, null, 42])('may be anything that was thrown: %s', (thrown) => {
    expect(describeError(thrown).text).toContain(`unexpected: ${String(thrown)} [E_BUG]`)
    expect(messageOf(thrown)).toBe(String(thrown))
  })
})

import { expect, test } from 'vitest'
import { parseBy } from '../../../src/analyze/options/parse-by.js'
import { describeError } from '../../../src/cli/report-error.js'

const parse = (text?: string) => parseBy(text, ['process', 'comm'])

function complaint(text: string): string {
  try {
    parse(text)
  } catch (error) {
    return describeError(error).text
  }
  throw new Error(`${text} is accepted`)
}

test.each([
  [undefined, 'process', false],
  ['process', 'process', false],
  ['comm', 'comm', false],
  ['host', 'process', true],
  ['host,comm', 'comm', true],
  ['process,host', 'process', true],
])('%j means %s, with separate hosts: %j', (text, name, isByHost) => {
  expect(parse(text)).toEqual({ name, isByHost })
})

test.each(['', 'uid', 'host,host', 'process,comm', 'comm,comm', 'host,', 'host,process,comm'])(
  '%j is refused',
  (text) => {
    expect(complaint(text)).toContain('--by takes process, comm, host, or host,comm')
  },
)

test('a similar value is suggested', () => {
  expect(complaint('hots')).toContain('did you mean host?')
  expect(complaint('hots,com')).toContain('did you mean host,comm?')
})

import { expect, test } from 'vitest'
import { splitOptionalValues } from '../../src/options/optional-values.js'

test.each([
  ['record --dns=libc a.db', 'record --dns-value=libc a.db'],
  ['live --dns=udp -t', 'live --dns-value=udp -t'],
  ['top --dns=libc', 'top --dns-value=libc'],
  ['record a.db --dns=', 'record a.db --dns-value='],
  ['record --dns=a=b', 'record --dns-value=a=b'],
])('%s becomes %s', (typed, split) => {
  expect(splitOptionalValues(typed.split(' '))).toEqual(split.split(' '))
})

test.each([
  'record --dns a.db',
  'record --dns-values=x',
  'record -- curl --dns-value=libc',
  'analyze --dns-value=libc',
  'record --dn=libc',
  'record -- curl --dns=libc',
  'record --quiet -- --dns=libc',
  'analyze --dns=libc',
  'export --dns=libc record',
  'record dns=libc',
  '--dns=libc record',
  '',
])('%s does not change', (typed) => {
  expect(splitOptionalValues(typed.split(' '))).toEqual(typed.split(' '))
})

test.each(['record --dns-value=libc', 'record a.db --dns-value libc', 'live --dns-value= -t'])(
  '%s is refused',
  (typed) => {
    const option = typed.split(' ').find((word) => word.startsWith('--'))
    expect(() => splitOptionalValues(typed.split(' '))).toThrow(
      expect.objectContaining({
        code: 'E_USAGE',
        message: `unknown option '${option}'`,
        reason: 'the command has no such option',
      }),
    )
  },
)

test('handles both sides of -- in one command line', () => {
  const typed = ['record', '--dns=libc', '--', 'curl', '--dns=libc']
  expect(splitOptionalValues(typed)).toEqual(['record', '--dns-value=libc', '--', 'curl', '--dns=libc'])
})

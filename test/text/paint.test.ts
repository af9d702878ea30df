import { expect, test } from 'vitest'
import { choosePaint } from '../../src/text/paint.js'

test.each([
  ['a terminal', true, { TERM: 'xterm-256color' }, true],
  ['a terminal without a TERM', true, {}, true],
  ['an empty NO_COLOR, which has no effect', true, { NO_COLOR: '' }, true],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['NO_COLOR=0, which is set', true, { NO_COLOR: '0' }, false],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ['a pipe', false, { TERM: 'xterm' }, false],
])('color with %s', (_, isTerminal, env, isColoured) => {
  const paint = choosePaint(isTerminal, env)
  for (const name of ['heading', 'note', 'failure', 'loss'] as const) {
    expect(paint[name]('text')).toEqual(isColoured ? expect.stringMatching(/^\x1b\[[\d;]+mtext\x1b\[0m$/) : 'text')
  }
})

test('an empty text is not colored', () => {
  expect(choosePaint(true, {}).failure('')).toBe('')
})

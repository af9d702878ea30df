import { describe, expect, test } from 'vitest'
import { pressKey } from '../../../src/top/frame/press-key.js'
import { firstState, type TopState } from '../../../src/top/frame/top-state.js'
import { TOP_DIMENSIONS } from '../../../src/top/window/dimensions.js'
import { TOP_COLUMNS } from '../../../src/top/window/top-columns.js'

const SHOWN = { keys: ['a', 'b', 'c', 'd', 'e'], pageRows: 2 }
const START = firstState(0, false)

/** Names of keys in angle brackets, or what they type. */
function press(state: TopState, ...keys: string[]) {
  let result: ReturnType<typeof pressKey> = { state, action: null }
  for (const key of keys) {
    const [, ctrl = '', name] = /^<(ctrl-)?(.+)>$/.exec(key) ?? []
    const typed = name === undefined ? { name: key.toLowerCase(), text: key } : { name, text: '' }
    result = pressKey(result.state, { ...typed, isCtrl: ctrl !== '' }, SHOWN)
  }
  return result
}
const after = (...keys: string[]) => press(START, ...keys).state

describe('a key', () => {
  test.each([
    ['q', 'quit'],
    ['<ctrl-c>', 'quit'],
    ['<ctrl-z>', 'suspend'],
    ['n', 'step'],
  ] as const)('%s: %s', (key, action) => {
    expect(press(START, key)).toEqual({ state: START, action })
  })

  test('moves the order to the next column, around to the name, and back', () => {
    expect(after('<right>').order).toEqual({ column: 1, isDescending: true })
    expect(after('<left>').order).toEqual({ column: -1, isDescending: false })
    expect(after('<', '<').order.column).toBe(TOP_COLUMNS.length - 1)
    expect(after('<', '>').order.column).toBe(0)
  })

  test('reverses the order', () => {
    expect(after('r').order).toEqual({ column: 0, isDescending: false })
  })

  test('changes the dimension, and forgets the filter and the row', () => {
    const state = press({ ...START, filter: 'x', selected: 'c' }, 'b').state
    expect(state).toMatchObject({ by: 1, filter: '', selected: null })
    expect(after('B').by).toBe(TOP_DIMENSIONS.length - 1)
    expect(after('B', 'b').by).toBe(0)
    expect(after('3').by).toBe(2)
    expect(after('9').by).toBe(8)
    expect(after('0')).toEqual(START)
  })

  test('pauses and continues', () => {
    expect(after('p').isPaused).toBe(true)
    expect(after('p', ' ').isPaused).toBe(false)
  })

  test.each([
    [['<down>'], 'b'],
    [['j', 'j', 'k'], 'b'],
    [['<down>', '<up>'], null],
    [['<up>'], null],
    [['<pagedown>'], 'c'],
    [['<pagedown>', '<pagedown>', '<pagedown>'], 'e'],
    [['<end>'], 'e'],
    [['<end>', '<pageup>'], 'c'],
    [['<end>', '<home>'], null],
  ] as const)('%j selects a row', (keys, selected) => {
    expect(after(...keys).selected).toBe(selected)
  })

  test('opens the selected row, or the first one, and closes it', () => {
    expect(after('<return>')).toMatchObject({ mode: 'row', selected: 'a' })
    expect(after('<down>', '<return>')).toMatchObject({ mode: 'row', selected: 'b' })
    for (const back of ['<escape>', '<backspace>', '<left>']) expect(after('<return>', back).mode).toBe('table')
  })

  test('opens nothing where there is no row', () => {
    const { state } = pressKey(START, { name: 'return', text: '', isCtrl: false }, { keys: [], pageRows: 1 })
    expect(state.mode).toBe('table')
  })

  test('shows the help, and any key leaves it', () => {
    expect(after('h').mode).toBe('help')
    expect(after('?', 'x').mode).toBe('table')
    expect(press(START, 'h', 'q').action).toBe('quit')
  })
})

describe('a filter', () => {
  test('takes every character, those of other keys too', () => {
    expect(after('/', 'q', 'p', ' ', '1', '世')).toMatchObject({ mode: 'filter', filter: 'qp 1世', isPaused: false })
  })

  test('is changed, kept and cleared', () => {
    expect(after('/', 'a', '👍', '<backspace>')).toMatchObject({ mode: 'filter', filter: 'a' })
    expect(after('/', 'a', '<return>')).toMatchObject({ mode: 'table', filter: 'a' })
    expect(after('/', 'a', '<escape>')).toMatchObject({ mode: 'table', filter: '' })
    expect(after('/', 'a', '<return>', '<escape>').filter).toBe('')
  })

  test('does not keep Ctrl-C from quitting', () => {
    expect(press(START, '/', '<ctrl-c>').action).toBe('quit')
  })
})

import { afterEach, describe, expect, test, vi } from 'vitest'
import { createStopSignal, stopOnSignals } from '../../../src/record/session/stop-signal.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

describe('a stop signal', () => {
  test('keeps the first reason', () => {
    const signal = createStopSignal()
    expect(signal.reason).toBeNull()
    signal.stop('terminate')
    signal.stop('duration')
    expect(signal.reason).toBe('terminate')
  })

  test('ends a wait at once', async () => {
    const signal = createStopSignal()
    const wait = signal.wait(600_000)
    signal.stop('interrupt')
    await expect(wait).resolves.toBeUndefined()
  })

  test('makes later waits return at once', async () => {
    const signal = createStopSignal()
    signal.stop('interrupt')
    await expect(signal.wait(600_000)).resolves.toBeUndefined()
  })

  test('may arrive between two waits', async () => {
    const signal = createStopSignal()
    await signal.wait(1)
    signal.stop('command')
    await signal.wait(600_000)
    expect(signal.reason).toBe('command')
  })

  test('does not end a wait before its time', async () => {
    vi.useFakeTimers()
    let isOver = false
    void createStopSignal()
      .wait(100)
      .then(() => (isOver = true))
    await vi.advanceTimersByTimeAsync(99)
    expect(isOver).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(isOver).toBe(true)
  })
})

const terminal = vi.hoisted(() => ({ isOutlived: false }))
vi.mock('../../../src/base/outlive-terminal.js', () => ({ outlivesTerminal: () => terminal.isOutlived }))

describe('signals of the system', () => {
  test('SIGHUP is ignored if the process outlives its terminal', () => {
    terminal.isOutlived = true
    const before = process.listenerCount('SIGHUP')
    stopOnSignals(createStopSignal())
    expect(process.listenerCount('SIGHUP')).toBe(before)
  })

  test.each([
    ['SIGINT', 'interrupt'],
    ['SIGTERM', 'terminate'],
    ['SIGHUP', 'terminate'],
  ] as const)('%s ends a recording: %s', (name, reason) => {
    const before = process.listenerCount(name)
    const signal = createStopSignal()
    stopOnSignals(signal)
    expect(process.listenerCount(name)).toBe(before + 1)
    process.listeners(name).at(-1)?.(name)
    expect(signal.reason).toBe(reason)
  })
})

const listeners = new Map(SIGNALS.map((name) => [name, process.listeners(name)]))

afterEach(() => {
  terminal.isOutlived = false
  vi.useRealTimers()
  for (const name of SIGNALS) {
    for (const listener of process.listeners(name)) {
      if (!listeners.get(name)?.includes(listener)) process.off(name, listener)
    }
  }
})

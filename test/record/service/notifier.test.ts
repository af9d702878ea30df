import { describe, expect, test, vi } from 'vitest'
import { openNotifier } from '../../../src/record/service/notifier.js'

const PROGRESS = () => ({ attempts: 12_345, lost: 2, path: '/data/a\n.db' })

/** A service manager that keeps what it receives, unless it is busy. */
function createScene(env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = []
  const manager = { isBusy: false }
  const open = vi.fn(() => (text: string) => !manager.isBusy && lines.push(text) > 0)
  const environment: NodeJS.ProcessEnv = { NOTIFY_SOCKET: '/run/notify', ...env }
  const wait = vi.fn<(milliseconds: number) => void>()
  return { lines, manager, open, environment, wait, notifier: openNotifier(environment, open, wait) }
}

/** Ticks ten times per second. */
function tick({ notifier }: ReturnType<typeof createScene>, seconds: number): void {
  for (let i = 0; i <= seconds * 10; i++) notifier.tick(i * 1e8, PROGRESS)
}

test('the manager is notified when recording begins and before it ends', () => {
  const { notifier, lines } = createScene()
  notifier.ready()
  notifier.stopping()
  expect(lines).toEqual(['READY=1\n', 'STOPPING=1\n'])
})

test('a busy manager is notified of the beginning at a later tick, before anything else', () => {
  const { notifier, manager, lines } = createScene({ WATCHDOG_USEC: '2000000' })
  manager.isBusy = true
  notifier.ready()
  notifier.tick(0, PROGRESS)
  expect(lines).toEqual([])
  manager.isBusy = false
  notifier.tick(1e8, PROGRESS)
  expect(lines.slice(0, 2)).toEqual(['READY=1\n', 'WATCHDOG=1\n'])
})

test('at the end, a busy manager is waited for during at most 0.2 s', () => {
  const { notifier, manager, wait, lines } = createScene()
  manager.isBusy = true
  notifier.stopping()
  expect(wait.mock.calls.reduce((sum, [milliseconds]) => sum + milliseconds, 0)).toBe(200)
  expect(lines).toEqual([])
})

test('at the end, the wait ends once the manager accepts the message', () => {
  const { notifier, manager, wait, lines } = createScene()
  manager.isBusy = true
  wait.mockImplementation(() => {
    manager.isBusy = false
  })
  notifier.stopping()
  expect([wait.mock.calls, lines]).toEqual([[[10]], ['STOPPING=1\n']])
})

test('the status is sent every ten seconds, in one line, whatever the file name', () => {
  const scene = createScene()
  tick(scene, 20)
  const line = 'STATUS=12,345 attempts recorded, 2 lost; into /data/a\\x0a.db\n'
  expect(scene.lines).toEqual([line, line, line])
})

describe('the watchdog', () => {
  const signs = ({ lines }: ReturnType<typeof createScene>) => lines.filter((line) => line === 'WATCHDOG=1\n').length

  test('is notified twice per timeout', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000' })
    tick(scene, 10)
    expect(signs(scene)).toBe(11)
  })

  test('is notified at the next tick if the manager was busy', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000' })
    scene.manager.isBusy = true
    scene.notifier.tick(0, PROGRESS)
    scene.manager.isBusy = false
    scene.notifier.tick(1e8, PROGRESS)
    expect(signs(scene)).toBe(1)
  })

  test.each([
    ['of another process', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '1' }],
    ['with an invalid timeout', { WATCHDOG_USEC: 'soon' }],
    ['that is not configured', {}],
  ])('%s is not notified', (_, env) => {
    const scene = createScene(env)
    tick(scene, 10)
    expect(signs(scene)).toBe(0)
  })

  test('for this process is notified', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000', WATCHDOG_PID: String(process.pid) })
    tick(scene, 1)
    expect(signs(scene)).toBe(2)
  })
})

test('child processes do not inherit the variables', () => {
  const { environment } = createScene({ WATCHDOG_USEC: '1', WATCHDOG_PID: '2', HOME: '/root' })
  expect(environment).toEqual({ HOME: '/root' })
})

test.each([undefined, '', '/', '@', 'relative', 'vsock:2:1234'])('NOTIFY_SOCKET=%s: no message is sent', (path) => {
  const { notifier, open } = createScene({ NOTIFY_SOCKET: path })
  notifier.ready()
  notifier.tick(0, PROGRESS)
  expect(open).not.toHaveBeenCalled()
})

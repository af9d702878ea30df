import { describe, expect, test, vi } from 'vitest'
import { openNotifier } from '../../../src/record/service/notifier.js'

const PROGRESS = () => ({ attempts: 12_345, lost: 2, path: '/data/a\n.db' })

/** A manager that keeps what it is told, unless it is busy. */
function createScene(env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = []
  const manager = { isBusy: false }
  const open = vi.fn(() => (text: string) => !manager.isBusy && lines.push(text) > 0)
  const environment: NodeJS.ProcessEnv = { NOTIFY_SOCKET: '/run/notify', ...env }
  const wait = vi.fn<(milliseconds: number) => void>()
  return { lines, manager, open, environment, wait, notifier: openNotifier(environment, open, wait) }
}

/** At each tenth of a second. */
function tick({ notifier }: ReturnType<typeof createScene>, seconds: number): void {
  for (let i = 0; i <= seconds * 10; i++) notifier.tick(i * 1e8, PROGRESS)
}

test('the manager learns when recording begins and when it is about to end', () => {
  const { notifier, lines } = createScene()
  notifier.ready()
  notifier.stopping()
  expect(lines).toEqual(['READY=1\n', 'STOPPING=1\n'])
})

test('a manager that is busy learns of the beginning at a later turn, before all else', () => {
  const { notifier, manager, lines } = createScene({ WATCHDOG_USEC: '2000000' })
  manager.isBusy = true
  notifier.ready()
  notifier.tick(0, PROGRESS)
  expect(lines).toEqual([])
  manager.isBusy = false
  notifier.tick(1e8, PROGRESS)
  expect(lines.slice(0, 2)).toEqual(['READY=1\n', 'WATCHDOG=1\n'])
})

test('a manager that stays busy is waited for 0.2 s at the end, and no longer', () => {
  const { notifier, manager, wait, lines } = createScene()
  manager.isBusy = true
  notifier.stopping()
  expect(wait.mock.calls.reduce((sum, [milliseconds]) => sum + milliseconds, 0)).toBe(200)
  expect(lines).toEqual([])
})

test('a manager that has time again is not waited for any longer at the end', () => {
  const { notifier, manager, wait, lines } = createScene()
  manager.isBusy = true
  wait.mockImplementation(() => {
    manager.isBusy = false
  })
  notifier.stopping()
  expect([wait.mock.calls, lines]).toEqual([[[10]], ['STOPPING=1\n']])
})

test('every ten seconds it says what it has done, in one line whatever the name of the file', () => {
  const scene = createScene()
  tick(scene, 20)
  const line = 'STATUS=12,345 attempts recorded, 2 lost; into /data/a\\x0a.db\n'
  expect(scene.lines).toEqual([line, line, line])
})

describe('the watchdog', () => {
  const signs = ({ lines }: ReturnType<typeof createScene>) => lines.filter((line) => line === 'WATCHDOG=1\n').length

  test('gets a sign of life at half of its time', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000' })
    tick(scene, 10)
    expect(signs(scene)).toBe(11)
  })

  test('gets one at the next turn when it was busy', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000' })
    scene.manager.isBusy = true
    scene.notifier.tick(0, PROGRESS)
    scene.manager.isBusy = false
    scene.notifier.tick(1e8, PROGRESS)
    expect(signs(scene)).toBe(1)
  })

  test.each([
    ['of another process', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '1' }],
    ['that is none', { WATCHDOG_USEC: 'soon' }],
    ['that is not there', {}],
  ])('%s gets none', (_, env) => {
    const scene = createScene(env)
    tick(scene, 10)
    expect(signs(scene)).toBe(0)
  })

  test('that is meant for this process gets it', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000', WATCHDOG_PID: String(process.pid) })
    tick(scene, 1)
    expect(signs(scene)).toBe(2)
  })
})

test('what is started later does not see the variables', () => {
  const { environment } = createScene({ WATCHDOG_USEC: '1', WATCHDOG_PID: '2', HOME: '/root' })
  expect(environment).toEqual({ HOME: '/root' })
})

test.each([undefined, '', '/', '@', 'relative', 'vsock:2:1234'])('NOTIFY_SOCKET=%s: nobody is told', (path) => {
  const { notifier, open } = createScene({ NOTIFY_SOCKET: path })
  notifier.ready()
  notifier.tick(0, PROGRESS)
  expect(open).not.toHaveBeenCalled()
})
